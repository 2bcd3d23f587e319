"""What `check --online` looks at, all at once: relay, DNS, sources, mailbox, clock and disk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from itertools import islice

import aiosmtplib
import httpx

from paperround.alarm_rules import BEFORE_THE_END, LEAST_ROOM
from paperround.alarms import ADVICE, Condition
from paperround.app import client_of, inbox_of, room_of, source
from paperround.batches import BatchState
from paperround.delivery.connection import LOST, Host, Timeouts, certificate_until, connect
from paperround.delivery.conversation import Conversation
from paperround.dkim_signing import Signer
from paperround.domain_records import (
    Alignment,
    Finding,
    Level,
    dmarc,
    mail_exchangers,
    parents,
    spf,
)
from paperround.headers import wire_domain
from paperround.key_records import of_published
from paperround.name_service import DnsSilent, NameService
from paperround.phrases import counted, full_day
from paperround.ports import InboxUnusable, Refused, RelayUnusable, Source, SourceError
from paperround.settings import FileSettings, ImapSettings, RelaySettings, Settings, SourceSettings
from paperround.sources.http import Limits

PATIENCE = timedelta(seconds=10)
SMALLEST_LETTER = 300_000  # bytes, that a relay has to take
MOST_MESSAGES = 50  # counted in the mailbox
LARGEST_OFFSET = timedelta(minutes=1)
TOO_LITTLE_ROOM = 50_000_000  # bytes, beside the store

_TIMEOUTS = Timeouts(greeting=PATIENCE, envelope=PATIENCE)
_LIMITS = Limits(connect=PATIENCE, total=timedelta(seconds=30), attempt=timedelta(seconds=30), tries=1)


class Network(Enum):
    """What a look says of the network."""

    ANSWERS = auto()
    SILENT = auto()
    NOT_ASKED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found, and what that says of the network."""

    findings: tuple[Finding, ...] = ()
    network: Network = Network.ANSWERS


async def inspect(
    settings: Settings,
    *,
    names: NameService,
    now: Callable[[], datetime],
    transport: httpx.AsyncBaseTransport | None = None,
) -> tuple[Finding, ...]:
    """Return what there is to say of everything outside that the installation needs. Nothing is sent."""
    clocks = _Clocks(transport or httpx.AsyncHTTPTransport(trust_env=False), now)
    async with client_of(settings, limits=_LIMITS, transport=clocks) as client:
        outside = await asyncio.gather(
            _relay(settings, now),
            _domain(settings, names),
            *(_source(each, source(each, client), now().date()) for each in settings.sources),
            asyncio.to_thread(_mailbox, settings),
        )
    here = (*_offset(clocks.offsets), _room(settings))
    if {each.network for each in outside} <= {Network.SILENT, Network.NOT_ASKED}:
        outside = [_NO_NETWORK, *(each for each in outside if each.network is Network.NOT_ASKED)]
    return (*(finding for each in outside for finding in each.findings), *here)


_NO_NETWORK = Looked(
    findings=(
        Finding(
            about="network",
            level=Level.PROBLEM,
            message="nothing is reached: not one of the DNS, the relay, the sources and the mailbox",
            mend="look whether this machine, or this container, has a network and name servers",
        ),
    )
)


async def _relay(settings: Settings, now: Callable[[], datetime]) -> Looked:
    relay = settings.relay
    if relay is None:
        where = f"there is none: mails are written into {settings.outbox}/"
        return Looked(findings=(_found("relay", Level.FINE, where),), network=Network.NOT_ASKED)
    host = Host(settings=relay, hostname=settings.sender.domain, timeouts=_TIMEOUTS)
    try:
        smtp = await connect(host)
    except RelayUnusable as error:
        lost = isinstance(error.__cause__, LOST)
        return _unusable("relay", error, Network.SILENT if lost else Network.ANSWERS)
    except Refused as error:
        refusal = _found("relay", Level.WARNING, f"{host}: not now: {error.reply}", "try again later")
        return Looked(findings=(refusal,))
    try:
        findings = tuple(_of_relay(relay, smtp, now()))
    finally:
        await Conversation(host, smtp).quit()
    return Looked(findings=findings)


def _of_relay(relay: RelaySettings, smtp: aiosmtplib.SMTP, now: datetime) -> Iterator[Finding]:
    offers = {name.upper(): value for name, value in smtp.esmtp_extensions.items()}
    steps = [
        "connects",
        *([] if relay.tls == "none" else ["speaks TLS"]),
        *(["logs in"] if relay.username else []),
    ]
    message = (
        f"{relay.host}:{relay.port} {', '.join(steps)}; it offers {', '.join(sorted(offers)) or 'nothing'}"
    )
    yield _found("relay", Level.FINE, message)
    size = offers.get("SIZE", "")
    if size.isdecimal() and 0 < int(size) < SMALLEST_LETTER:
        few = f"it takes mails of at most {int(size):,} bytes, and a digest may be larger"
        yield _problem("relay", few, "ask whoever runs it for more")
    if (until := certificate_until(smtp)) is not None:
        yield _certificate(relay, until, now)


def _certificate(relay: RelaySettings, until: datetime, now: datetime) -> Finding:
    left = until - now
    message = f"that of {relay.host} is valid until {full_day(until)}"
    if left < BEFORE_THE_END:
        mend = ADVICE[Condition.CERTIFICATE].mend
        message = f"{message}: {counted(max(left.days, 0), 'day')} from now"
        return _found("certificate", Level.WARNING, message, mend)
    return _found("certificate", Level.FINE, message)


async def _domain(settings: Settings, names: NameService) -> Looked:
    author = wire_domain(settings.sender.domain)
    bounces = settings.bounces.address if settings.bounces else settings.sender.address
    envelope = wire_domain(bounces.rpartition("@")[2])
    signer = Signer(settings.dkim) if settings.dkim else None
    signing = wire_domain(settings.dkim.domain) if settings.dkim else None
    relay = settings.relay.host if settings.relay else None
    alignment = Alignment(author=author, envelope=envelope, signing=signing)

    async def of_spf() -> Sequence[Finding]:
        return list(spf(envelope, await names.texts(envelope), relay=relay))

    async def of_dmarc() -> Sequence[Finding]:
        above = parents(author)
        texts = await asyncio.gather(*(names.texts(f"_dmarc.{each}") for each in above))
        return list(dmarc(dict(zip(above, texts, strict=True)), alignment))

    async def of_mail() -> Sequence[Finding]:
        hosts = await names.mail_exchangers(envelope)
        return [mail_exchangers(envelope, hosts, read=settings.bounces is not None)]

    async def of_keys() -> Sequence[Finding]:
        if signer is None or signing is None:
            return [_UNSIGNED]
        return await of_published(signer, signing, names)

    try:
        if not await names.knows(author):
            return Looked(findings=(_unknown(author),), network=Network.SILENT)
    except DnsSilent as error:
        return Looked(findings=(_dns_silent(error),), network=Network.SILENT)
    return await _each(of_spf(), of_keys(), of_dmarc(), of_mail())


_UNSIGNED = Finding(
    about="DKIM",
    level=Level.WARNING,
    message="mails are not signed here",
    mend="that is right where the relay signs them; otherwise see docs/dkim.md",
)


async def _each(*questions: Awaitable[Sequence[Finding]]) -> Looked:
    """Return what the questions found; a DNS that answers none of them is told once."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    findings: list[Finding] = []
    silences: list[DnsSilent] = []
    for answer in answers:
        if isinstance(answer, DnsSilent):
            silences.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            findings += answer
    if silences:
        findings.append(_dns_silent(silences[0]))
    return Looked(findings=tuple(findings))


def _dns_silent(error: DnsSilent) -> Finding:
    mend = "look at the name servers of this machine (/etc/resolv.conf), or try again later"
    return _problem("DNS", str(error), mend)


def _unknown(domain: str) -> Finding:
    mend = "look whether `from` is right, and whether the name servers of this machine know the internet"
    return _problem("DNS", f"there is no domain {domain}", mend)


async def _source(settings: SourceSettings, asked: Source, today: date) -> Looked:
    about = f"source {asked.name}"
    network = Network.NOT_ASKED if isinstance(settings, FileSettings) else Network.ANSWERS
    try:
        batch = await asked.fetch(asked.days(today)[0], etag=None)
    except SourceError as error:
        silent = Network.SILENT if network is Network.ANSWERS else network
        return _unusable(about, error, silent)
    if batch is None:
        return Looked(findings=(_found(about, Level.FINE, "answers"),), network=network)
    what = counted(len(batch.papers), "paper")
    message = f"answers: {full_day(batch.day)}, {what}, {batch.state.value}"
    wrong = batch.state is BatchState.FAILED
    level = Level.PROBLEM if wrong else Level.FINE
    why = f": {batch.reason}" if batch.reason else ""
    return Looked(findings=(_found(about, level, f"{message}{why}"),), network=network)


def _mailbox(settings: Settings) -> Looked:
    opened = inbox_of(settings, patience=PATIENCE)
    if opened is None or settings.bounces is None:
        return Looked(network=Network.NOT_ASKED)
    remote = isinstance(settings.bounces.mailbox, ImapSettings)
    network = Network.ANSWERS if remote else Network.NOT_ASKED
    try:
        with closing(opened()) as inbox:
            waiting = sum(1 for _ in islice(inbox.unseen(MOST_MESSAGES), MOST_MESSAGES))
    except InboxUnusable as error:
        return _unusable("mailbox", error, Network.SILENT if network is Network.ANSWERS else network)
    more = " or more" if waiting == MOST_MESSAGES else ""
    message = f"can be read; {waiting}{more} unseen"
    return Looked(findings=(_found("mailbox", Level.FINE, message),), network=network)


def _offset(offsets: Sequence[timedelta]) -> Iterator[Finding]:
    """Yield how far this clock is from that of whoever answered; the nearest one counts."""
    if not offsets:
        return
    offset = min(offsets, key=abs)
    seconds = abs(round(offset.total_seconds()))
    if abs(offset) > LARGEST_OFFSET:
        way = "ahead of" if offset > timedelta(0) else "behind"
        message = f"this clock is {seconds:,} seconds {way} those of the sources"
        yield _found("clock", Level.WARNING, message, "let it be set by NTP: digests go out by it")
    else:
        yield _found("clock", Level.FINE, f"within {max(seconds, 1)} s of those of the sources")


def _room(settings: Settings) -> Finding:
    room = room_of(settings)
    free, size = room.free, room.store
    message = f"{free / 1_000_000:,.0f} MB free beside the store, which has {size / 1_000_000:,.1f} MB"
    if free < TOO_LITTLE_ROOM:
        return _problem("disk", message, ADVICE[Condition.DISK].mend)
    if free < max(LEAST_ROOM, size):
        return _found("disk", Level.WARNING, message, "make room before it runs out")
    return _found("disk", Level.FINE, message)


@dataclass(slots=True)
class _Clocks(httpx.AsyncBaseTransport):
    """A way to the web on which the clocks of those who answer are read."""

    inner: httpx.AsyncBaseTransport
    now: Callable[[], datetime]
    offsets: list[timedelta] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        try:
            said = parsedate_to_datetime(response.headers.get("Date", ""))
            age = timedelta(seconds=int(response.headers.get("Age", "0")))  # of an answer out of a cache
            self.offsets.append(self.now() - said - age)
        except (ValueError, TypeError, OverflowError):
            pass  # no clock of theirs to compare with
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def _found(about: str, level: Level, message: str, mend: str = "") -> Finding:
    return Finding(about=about, level=level, message=message, mend=mend)


def _problem(about: str, message: str, mend: str = "") -> Finding:
    return _found(about, Level.PROBLEM, message, mend)


def _unusable(about: str, error: Exception, network: Network) -> Looked:
    return Looked(findings=(_problem(about, str(error)),), network=network)
