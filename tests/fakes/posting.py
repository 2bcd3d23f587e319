"""Processes that deliver as `send` does, forked in a moment from one that has imported everything."""

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from tests.fakes.plans import TUESDAY, letter

from paperround.app import open_desk
from paperround.desk import Desk
from paperround.ports import OnUnknown
from paperround.posting import post
from paperround.settings import Mailbox, RelaySettings, Settings, Tls
from paperround.store import open_store
from paperround.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to deliver: all that waits in the store, whoever of the readers it is for.

    The store is a file, or the URL of a database whose workers have their locks in `folder`.
    `domain` is what it greets the relay with, and `ahead` how far its clock is. It waits for letters that
    others have in hand for as long as its `patience` lasts.
    """

    store: Path | str
    readers: tuple[str, ...]
    port: int
    connections: int
    on_unknown: OnUnknown = OnUnknown.RESEND
    domain: str = "example.org"
    ahead: timedelta = timedelta(0)
    patience: timedelta = timedelta(0)
    folder: Path | None = None


def url_of(store: Path | str) -> str:
    """Return the URL of a store."""
    return store if isinstance(store, str) else f"sqlite:///{store}"


def enter(store: Path | str, messages: Mapping[str, bytes], *, day: date = TUESDAY) -> None:
    """Plan a letter to each of these readers."""
    now = datetime.now(UTC)
    with closing(open_store(url_of(store))) as opened:
        ids = opened.ledger.enrol(messages, now=now)
        plans = [letter(ids[each], day, message=message) for each, message in messages.items()]
        assert opened.ledger.plan(plans, now=now) == len(plans)


def start(order: Order) -> BaseProcess:
    """Start a process that delivers; it ends with 0 once nothing is left, or with 1 and a traceback."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", __name__])
    process = context.Process(target=_deliver, args=(order,))
    process.start()
    return process


async def ended(process: BaseProcess) -> int:
    """Return how the process ended, once it has."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def desk(order: Order) -> AbstractAsyncContextManager[Desk]:
    """Open what the order is delivered with, as the commands do."""
    readers = tuple(
        Subscriber(address=each, timezone=ZoneInfo("UTC"), deliver_at=time(7)) for each in order.readers
    )
    relay = RelaySettings(host="127.0.0.1", port=order.port, tls=Tls.NONE, connections=order.connections)
    settings = Settings(
        sender=Mailbox(name="", address=f"papers@{order.domain}"),
        sources=(),
        subscribers=readers,
        store=url_of(order.store),
        outbox=Path("outbox"),
        relay=relay,
        on_unknown=order.on_unknown,
    )
    return open_desk(settings, now=lambda: datetime.now(UTC) + order.ahead)


def _deliver(order: Order) -> None:
    async def work() -> None:
        async with desk(order) as opened:
            await post(opened, retry=True, patience=order.patience)

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if order.folder is not None:
        os.chdir(order.folder)
    asyncio.run(work())
