"""The whole round of a day: collect -> compose -> deliver."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from paperround.batches import BatchRecord
from paperround.collecting import collect
from paperround.composing import compose
from paperround.delivering import deliver
from paperround.issue import NO_SOURCE
from paperround.letters import Letters
from paperround.ports import Ledger, Library, OnUnknown, Relay, Source, Status
from paperround.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a round is done with.

    `alone` is entered for the delivery, so that no two processes make it from one ledger; `stop`
    ends it after the transactions in hand.
    """

    sources: Sequence[Source]
    library: Library
    ledger: Ledger
    letters: Letters
    relay: Relay
    connections: int
    on_unknown: OnUnknown
    now: Callable[[], datetime]
    alone: Callable[[], AbstractAsyncContextManager[None]]
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a day stands in the ledger, and what this run did for it.

    `batches` were asked for, `planned` rows entered and `attempts` made by this run; `stopped` says
    what ended the delivery before everything was tried.
    """

    day: date
    batches: tuple[BatchRecord, ...]
    tally: Mapping[Status, int]
    planned: int
    attempts: int
    stopped: str | None


async def run(
    day: date, subscribers: Sequence[Subscriber], desk: Desk, *, max_age: timedelta, retry: bool = False
) -> Round:
    """Do what is still to be done for the day. Doing it again changes nothing.

    Sources are asked only when somebody is without a plan, and not for what they gave less than
    `max_age` ago. With `retry`, what was deferred is tried again before its time.
    """
    desk.ledger.reopen(day, NO_SOURCE)
    batches: tuple[BatchRecord, ...] = ()
    planned = 0
    if _unplanned(day, subscribers, desk.ledger, now=desk.now()):
        batches = await collect(day, desk.sources, desk.library, now=desk.now, max_age=max_age)
        planned = await asyncio.to_thread(
            compose,
            day,
            subscribers,
            library=desk.library,
            ledger=desk.ledger,
            letters=desk.letters,
            now=desk.now,
        )
    async with desk.alone():
        delivered = await deliver(
            day,
            desk.ledger,
            desk.relay,
            sender=desk.letters.sender.address,
            connections=desk.connections,
            on_unknown=desk.on_unknown,
            now=desk.now,
            stop=desk.stop,
            retry=retry,
        )
    return Round(
        day=day,
        batches=batches,
        tally=desk.ledger.tally(day),
        planned=planned,
        attempts=delivered.attempts,
        stopped=delivered.stopped,
    )


def _unplanned(day: date, subscribers: Sequence[Subscriber], ledger: Ledger, *, now: datetime) -> bool:
    ids = ledger.enrol([subscriber.address for subscriber in subscribers], now=now)
    return not ledger.planned(day).issuperset(ids.values())
