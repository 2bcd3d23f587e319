"""The composition root: the settings of an installation, made into things that work."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import assert_never

import httpx
from sqlalchemy import make_url

from paperround.alarm_rules import Room
from paperround.answers import Answers
from paperround.delivery.outbox import Outbox
from paperround.delivery.smtp import SmtpRelay
from paperround.desk import Desk
from paperround.dkim_signing import Signer
from paperround.embedding import SentenceModel
from paperround.joining import Joining
from paperround.leadership import LockFile
from paperround.letters import Letters
from paperround.mailboxes.imap import PATIENCE, Imap
from paperround.mailboxes.maildir import Maildir
from paperround.metrics import Monitor
from paperround.ports import Embedder, Inbox, Leadership, Ledger, Relay, Source, Vectors
from paperround.rates import Rate
from paperround.remembering import Remembering
from paperround.rendering import AnswerRenderer, Renderer, RoundRenderer
from paperround.returning import Returning
from paperround.roll import Roll
from paperround.settings import (
    ArxivSettings,
    FeedSettings,
    FileSettings,
    HuggingFaceSettings,
    ImapSettings,
    Settings,
    SourceSettings,
)
from paperround.shifts import shift
from paperround.sources.arxiv import Arxiv
from paperround.sources.feed import Feed
from paperround.sources.file import PaperFile
from paperround.sources.http import ARXIV_INTERVAL, Client, Limits
from paperround.sources.huggingface import HuggingFace
from paperround.sources.pace import Pace
from paperround.stopping import Stopped
from paperround.store import Store, open_store
from paperround.store.leadership import AdvisoryLock
from paperround.store.postgresql import PostgresqlDatabase

_OTHER_THREADS = 4  # for what is done beside a delivery


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_desk(
    settings: Settings,
    *,
    store: Store | None = None,
    relay: Relay | None = None,
    now: Callable[[], datetime] = utc_now,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[Desk]:
    """Open what a round is done with, and close it again.

    A `store` that is open already is used, and stays open; `relay` takes the place of the one in the
    settings. Raise StoreError or ValueError where something cannot be used. Templates are read when a
    round needs them, and do not stop it.
    """
    stop = stop or asyncio.Event()
    at_once = settings.relay.at_once if settings.relay else 1
    # Each letter on its way may wait for the disk at once; asyncio has six threads on two cores.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(at_once + _OTHER_THREADS))
    with nullcontext(store) if store else closing(open_store(settings.store)) as opened:
        async with client_of(settings) as client:
            way_out, roll = relay or relay_of(settings), roll_of(settings, opened)
            writing = letters(settings, opened.ledger, renderer=RoundRenderer(settings.templates))
            yield Desk(
                roll=roll,
                sources=[source(each, client) for each in settings.sources],
                library=opened.library,
                ledger=opened.ledger,
                preferences=opened.preferences,
                letters=writing,
                relay=way_out,
                rate=rate_of(settings),
                connections=at_once,
                on_unknown=settings.on_unknown,
                now=now,
                catch_up=settings.catch_up,
                shift=partial(shift, opened.ledger, beside_store(settings, ".workers"), now=now),
                embedder=embedder(settings, opened.vectors, stop=stop),
                returning=Returning(
                    open_inbox=inbox_of(settings),
                    returns=opened.returns,
                    secret=opened.ledger.secret(),
                    now=now,
                ),
                joining=Joining(
                    is_open=settings.open_subscription,
                    requests=opened.requests,
                    members=opened.members,
                    roll=roll,
                    ledger=opened.ledger,
                    answers=Answers(renderer=AnswerRenderer(settings.templates), letters=writing),
                    relay=way_out,
                    rate=rate_of(settings),
                    now=now,
                ),
                stop=stop,
            )


def roll_of(settings: Settings, store: Store) -> Roll:
    """Return who reads: those of the config, and those who joined by themselves."""
    return Roll(settings.subscribers, store.members, newcomer=settings.newcomer)


def client_of(
    settings: Settings, *, limits: Limits | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> Client:
    """Return the way to the web, which says who asks, and keeps to arXiv's pace with all others here."""
    contact = settings.public_url or f"mailto:{settings.sender.address}"
    pace = Pace(ARXIV_INTERVAL, stamp=beside_store(settings, ".arxiv"))
    return Client(contact=contact, arxiv=pace, limits=limits, transport=transport)


def monitor_of(store: Store, *, now: Callable[[], datetime] = utc_now) -> Monitor:
    """Return what tells how it stands."""
    return Monitor(figures=store.figures, revision=store.revision, outdated=store.outdated, now=now)


def leadership_of(settings: Settings, store: Store) -> Leadership:
    """Return what tells which one of several services with this store leads."""
    if isinstance(store.database, PostgresqlDatabase):
        return AdvisoryLock(store.database)
    return LockFile(beside_store(settings, ".leader"))


def source(settings: SourceSettings, client: Client) -> Source:
    """Return the source that is meant; a new kind gets its line here."""
    match settings:
        case HuggingFaceSettings():
            return HuggingFace(settings, client)
        case ArxivSettings():
            return Arxiv(settings, client)
        case FeedSettings():
            return Feed(settings, client)
        case FileSettings():
            return PaperFile(settings)
        case _:
            assert_never(settings)


def relay_of(settings: Settings, *, noticed: Callable[[str, datetime], None] = lambda _, __: None) -> Relay:
    """Return the way mail goes out: the relay, or a folder where there is none.

    `noticed` is told of whom a certificate was seen, and when it ends.
    """
    if settings.relay is None:
        return Outbox(settings.outbox)
    return SmtpRelay(settings.relay, hostname=settings.sender.domain, noticed=noticed)


def rate_of(settings: Settings) -> Rate:
    """Return what the relay may be handed; a folder takes everything."""
    relay = settings.relay
    if relay is None:
        return Rate(relay="outbox")
    return Rate(
        relay=f"{relay.host}:{relay.port}",
        per_second=relay.max_per_second,
        per_hour=relay.max_per_hour,
        per_day=relay.max_per_day,
    )


def embedder(settings: Settings, vectors: Vectors, *, stop: asyncio.Event | None = None) -> Embedder | None:
    """Return what says what words mean, if the settings name a model; nothing is loaded yet."""
    if settings.semantic is None:
        return None

    def proceed() -> None:
        if stop is not None and stop.is_set():
            raise Stopped("stopped by request; nothing is lost")

    return Remembering(SentenceModel(settings.semantic.model), vectors, proceed=proceed)


def letters(settings: Settings, ledger: Ledger, *, renderer: RoundRenderer | None = None) -> Letters:
    """Return how this installation writes; without a `renderer`, raise TemplateError for its templates."""
    return Letters(
        renderer=renderer or Renderer(settings.templates),
        sender=settings.sender,
        secret=ledger.secret(),
        signer=Signer(settings.dkim) if settings.dkim else None,
        public_url=settings.public_url,
        postal_address=settings.postal_address,
        idempotency_header=settings.relay.idempotency_header if settings.relay else None,
        bounces=settings.bounces.address if settings.bounces else None,
    )


def inbox_of(settings: Settings, *, patience: timedelta = PATIENCE) -> Callable[[], Inbox] | None:
    """Return what opens the mailbox to which mail comes back, if the settings name one."""
    mailbox = settings.bounces.mailbox if settings.bounces else None
    if mailbox is None:
        return None
    if isinstance(mailbox, ImapSettings):
        return partial(Imap, mailbox, patience=patience)
    return partial(Maildir, mailbox)


def room_of(settings: Settings) -> Room:
    """Return the room on the disk of the store."""
    store = beside_store(settings, "")
    free = shutil.disk_usage(store.parent if store.parent.exists() else ".").free
    return Room(free=free, store=store.stat().st_size if store.exists() else 0)


def beside_store(settings: Settings, ending: str) -> Path:
    """Return the file beside the store that has its name and this ending; of a server's, one in `var`."""
    url = make_url(settings.store)
    beside = (
        url.database if url.get_backend_name() == "sqlite" else f"var/{url.host or 'local'}-{url.database}"
    )
    return Path(f"{beside}{ending}")
