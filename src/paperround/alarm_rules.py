"""When there is reason for an alarm: from how it stands to which conditions hold."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from paperround.alarms import Alarm, Condition, Judgement, Key
from paperround.batches import BatchRecord, BatchState
from paperround.calendars import Announcement, Calendar
from paperround.phrases import counted, full_day, long_day, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What a source gave in the last weeks, the newest day first, and when it is to give something."""

    name: str
    calendar: Calendar | None
    batches: tuple[BatchRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What became of the letters of the last day, and how many unknown ones wait for a person."""

    sent: int
    failed: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayFacts:
    """Since when the relay has taken nothing, and why; neither where it takes mail."""

    failing_since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes on the disk of the store: those that are free, and those that the store has."""

    free: int
    store: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How it stands. What could not be learned is None, and leaves alarms about it as they are.

    `gaps` has, for a day that left readers without a row, a sentence that says so; `certificates` when
    that of a host ends; and `keys`, for a key that signs and cannot be verified, why.
    """

    sources: tuple[SourceFacts, ...] | None = None
    letters: LetterFacts | None = None
    gaps: Mapping[date, str] | None = None
    relay: RelayFacts | None = None
    certificates: Mapping[str, datetime] | None = None
    keys: Mapping[str, str] | None = None
    room: Room | None = None


def judge(facts: Facts, standing: AbstractSet[Key], *, now: datetime) -> Judgement:
    """Return which conditions hold; one that is `standing` may end later than it would begin, not to flap."""
    found = {alarm.key: alarm for rule in _RULES for alarm in rule(facts, standing, now)}
    unknown = {condition for condition, fact in _FACTS.items() if getattr(facts, fact) is None}
    # A day without letters says nothing of the next one: a weekend mends no address.
    if facts.letters is not None and not facts.letters.sent + facts.letters.failed:
        unknown.add(Condition.DELIVERIES)
    return Judgement(alarms=tuple(found.values()), open=frozenset(unknown))


A_DAY = timedelta(days=1)
PATIENCE_WITH_RELAY = timedelta(hours=1)
BEFORE_THE_END = timedelta(days=14)  # of a certificate
LEAST_ROOM = 500_000_000  # bytes
AGAIN_ENOUGH = 1.25  # times the room below which there was too little
MANY_FAILED, FEW_FAILED = 0.1, 0.05  # of a day's letters
LEAST_FAILED = 3
FAR = 4  # times the usual volume, or the same part of it
LEAST_USUAL = 10  # papers; of fewer, chance alone brings four times as many
WEEKS, LEAST_WEEKS = 8, 4
NEWS = timedelta(days=4)  # for so long a volume is worth a word: from a Friday to the Tuesday after it
LOOK_BACK = timedelta(weeks=WEEKS) + NEWS  # for what a source gave

_LETTERS, _RELAY, _STORE = "letters", "relay", "store"  # the only subject of their conditions
_MISSED = frozenset({BatchState.FAILED, BatchState.STALE})


def _silent_sources(facts: Facts, _: AbstractSet[Key], now: datetime) -> Iterator[Alarm]:
    """Yield each source that was still failing or stale a day after its papers were due.

    What counts is when it was last asked: that nobody asks, as on a weekend without readers, is no
    failure of the source.
    """
    for source in facts.sources or ():
        missed = _missed(source)
        if not missed:
            continue
        asked = min(max(record.fetched_at for record in source.batches), now)
        if asked - _due(source, missed[-1].day) <= A_DAY:
            continue
        how = "failing" if missed[0].state is BatchState.FAILED else "stale"
        why = f": {missed[0].reason}" if missed[0].reason else ""
        sentence = f"{source.name} is {how}; nothing has come since {full_day(missed[-1].day)}{why}"
        yield Alarm(condition=Condition.SOURCE, subject=source.name, sentence=sentence)


def _missed(source: SourceFacts) -> Sequence[BatchRecord]:
    """Return the days whose papers did not come, the newest first, back to the latest whose did."""
    missed: list[BatchRecord] = []
    for record in source.batches:
        expected = _expected(source, record.day)
        if not record.papers and expected is not None and not _was_due(record, expected):
            continue
        if record.state not in _MISSED:
            break
        missed.append(record)
    return missed


def _was_due(record: BatchRecord, expected: Announcement) -> bool:
    return expected.since is not None and record.fetched_at >= expected.since


def _expected(source: SourceFacts, day: date) -> Announcement | None:
    return source.calendar(day) if source.calendar is not None else None


def _due(source: SourceFacts, day: date) -> datetime:
    """Return when the papers of a day were due: of a source that announces as it pleases, as it began."""
    expected = _expected(source, day)
    return (expected.since if expected is not None else None) or _midnight(day)


def _unusual_volumes(facts: Facts, _: AbstractSet[Key], now: datetime) -> Iterator[Alarm]:
    """Yield each source whose latest batch is far from the median of its weekday in the weeks before.

    Far is more than four times as many, or fewer than a quarter: a day after a holiday brings twice the
    usual and a slow one half of it, which is no news, and what a broken page or a lost category leaves is
    less. The median of one weekday is moved neither by a holiday among the weeks nor by how Mondays
    differ from Fridays. A list that grows all day is too short only once its day is over.
    """
    for source in facts.sources or ():
        fresh = [each for each in source.batches if each.state is BatchState.FRESH and each.papers]
        recent = [each for each in fresh if now.date() - each.day <= NEWS]
        whole = [each for each in recent if _is_whole(source, each)]
        for latest, is_far in ((recent[:1], _too_many), (whole[:1], _too_few)):
            for record in latest:
                usual = _usual(record, fresh)
                if usual is not None and is_far(record.papers, usual):
                    yield _volume(source.name, record, usual)


def _volume(name: str, record: BatchRecord, usual: float) -> Alarm:
    what = counted(record.papers, "paper")
    sentence = f"{name} brought {what} on {long_day(record.day)}; on such a day {usual:,.0f} are usual"
    return Alarm(condition=Condition.VOLUME, subject=f"{name}, {record.day.isoformat()}", sentence=sentence)


def _usual(record: BatchRecord, fresh: Collection[BatchRecord]) -> float | None:
    """Return the median of the same weekday in the weeks before, where there were enough of them."""
    days = {record.day - timedelta(weeks=weeks) for weeks in range(1, WEEKS + 1)}
    before = [each.papers for each in fresh if each.day in days]
    return median(before) if len(before) >= LEAST_WEEKS else None


def _too_many(papers: int, usual: float) -> bool:
    return papers > FAR * max(usual, LEAST_USUAL)


def _too_few(papers: int, usual: float) -> bool:
    return usual >= LEAST_USUAL and papers * FAR < usual


def _is_whole(source: SourceFacts, record: BatchRecord) -> bool:
    """Return whether nothing was added to a day after it was read."""
    expected = _expected(source, record.day)
    at_once = expected is not None and expected.at_once
    return at_once or record.fetched_at >= _midnight(record.day + A_DAY)


def _failing_deliveries(facts: Facts, standing: AbstractSet[Key], _: datetime) -> Iterator[Alarm]:
    """Yield the letters where a tenth of them failed, and more than two; or all of them, however few."""
    letters = facts.letters
    if letters is None or not letters.failed:
        return
    share = letters.failed / (letters.sent + letters.failed)
    many = letters.failed >= LEAST_FAILED and share >= MANY_FAILED
    still = (Condition.DELIVERIES, _LETTERS) in standing and share >= FEW_FAILED
    if many or still or not letters.sent:
        sentence = f"{percent(share)} of the letters of the last day failed for good: {letters.failed:,}"
        yield Alarm(condition=Condition.DELIVERIES, subject=_LETTERS, sentence=sentence)


def _unusable_relay(facts: Facts, _: AbstractSet[Key], now: datetime) -> Iterator[Alarm]:
    since = facts.relay.failing_since if facts.relay is not None else None
    if facts.relay is not None and since is not None and now - since >= PATIENCE_WITH_RELAY:
        sentence = f"the relay has taken nothing since {since:%Y-%m-%d %H:%M} UTC: {facts.relay.reason}"
        yield Alarm(condition=Condition.RELAY, subject=_RELAY, sentence=sentence)


def _unknown_outcomes(facts: Facts, _: AbstractSet[Key], __: datetime) -> Iterator[Alarm]:
    held = facts.letters.held if facts.letters is not None else 0
    if held:
        what = counted(held, "letter")
        wait, it = ("waits", "it") if held == 1 else ("wait", "them")
        sentence = f"{what} {wait} for somebody to find out whether the relay took {it}"
        yield Alarm(condition=Condition.UNKNOWN, subject=_LETTERS, sentence=sentence)


def _incomplete_rounds(facts: Facts, _: AbstractSet[Key], __: datetime) -> Iterator[Alarm]:
    for day, sentence in (facts.gaps or {}).items():
        yield Alarm(condition=Condition.GAP, subject=day.isoformat(), sentence=sentence)


def _ending_certificates(facts: Facts, _: AbstractSet[Key], now: datetime) -> Iterator[Alarm]:
    for host, until in (facts.certificates or {}).items():
        if until - now < BEFORE_THE_END:
            sentence = f"the certificate of {host} is valid until {full_day(until)}"
            yield Alarm(condition=Condition.CERTIFICATE, subject=host, sentence=sentence)


def _unverifiable_keys(facts: Facts, _: AbstractSet[Key], __: datetime) -> Iterator[Alarm]:
    for key, sentence in (facts.keys or {}).items():
        yield Alarm(condition=Condition.KEY, subject=key, sentence=sentence)


def _low_disk(facts: Facts, standing: AbstractSet[Key], _: datetime) -> Iterator[Alarm]:
    """Yield the disk where a copy of the store would not fit beside it, or hardly some weeks of papers.

    The sentence stays the same meanwhile, though the room is another at each look.
    """
    room = facts.room
    if room is None:
        return
    wanted = max(LEAST_ROOM, room.store)
    if room.free < wanted * (AGAIN_ENOUGH if (Condition.DISK, _STORE) in standing else 1):
        sentence = f"the disk of the store is nearly full; it should have {wanted / 1_000_000:,.0f} MB free"
        yield Alarm(condition=Condition.DISK, subject=_STORE, sentence=sentence)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


_RULES: tuple[Callable[[Facts, AbstractSet[Key], datetime], Iterator[Alarm]], ...] = (
    _silent_sources,
    _unusual_volumes,
    _failing_deliveries,
    _unusable_relay,
    _unknown_outcomes,
    _incomplete_rounds,
    _ending_certificates,
    _unverifiable_keys,
    _low_disk,
)
_FACTS: Mapping[Condition, str] = {
    Condition.SOURCE: "sources",
    Condition.VOLUME: "sources",
    Condition.DELIVERIES: "letters",
    Condition.RELAY: "relay",
    Condition.UNKNOWN: "letters",
    Condition.GAP: "gaps",
    Condition.CERTIFICATE: "certificates",
    Condition.KEY: "keys",
    Condition.DISK: "room",
}
