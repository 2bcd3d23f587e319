"""The second step of a round: decide what everybody gets, and enter it in the ledger as final bytes."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice

import structlog

from paperround.awaiting import LAST_LOOK, Wait, given_up_at
from paperround.batches import SETTLED
from paperround.digests import Digest
from paperround.issue import MAY_COME, OPEN, READERS_AT_ONCE, WAITING, Issue, Reader, blank, not_due, silence
from paperround.languages import N_
from paperround.letters import Letters
from paperround.meaning import Meaning, paper_text
from paperround.papers import Paper
from paperround.ports import (
    Embedder,
    EmbedderError,
    Ledger,
    Library,
    Past,
    Plan,
    Status,
    SubscriberId,
)
from paperround.selection import LONGEST_LOOK_BACK
from paperround.subscribers import Subscriber, WhenEmpty

CHUNK = 500  # letters held in memory at a time, and entered in one commit
LONGEST_ABSENCE = timedelta(days=31)  # of which each day gets a row; before it there was nobody
NOTE = "a note without papers"
NO_ROUND = "no round was made for this reader that day"
WORDS_ALONE = N_("ranked by words alone: the model could not be used")

log = structlog.get_logger()

Held = Callable[[Subscriber], Wait | None]  # what somebody's digest waits for, if anything


def nobody(_: Subscriber) -> None:
    """Hold nobody's digest back."""


def compose(
    day: date,
    subscribers: Sequence[Subscriber],
    *,
    library: Library,
    ledger: Ledger,
    letters: Letters,
    now: Callable[[], datetime],
    catch_up: timedelta,
    embedder: Embedder | None = None,
    held: Held = nobody,
) -> int:
    """Plan the day for those without a row: a letter, or the reason for silence. Return how many.

    `catch_up` is how long after a reader's hour a digest may still go out, and so how long a source that
    is not yet read is waited for before a note says that there is no paper. Whose digest is `held` back
    has a row that says so, to be taken back when the wait is over.
    """
    ids = ledger.enrol([subscriber.address for subscriber in subscribers], now=now())
    due = [ids[each.address] for each in subscribers if not_due(each, day) is None]
    # What did not get through before its successor was due is not sent beside it, but within it.
    ledger.expire(due, day, now=now())
    entered = 0
    passed = let_go(day, subscribers, ids, _latest_days(ids.values(), day, ledger))
    missed: Counter[date] = Counter()
    while chunk := list(islice(passed, CHUNK)):
        ledger.plan(chunk, now=now())
        missed.update(each.day for each in chunk if each.reason == NO_ROUND)
    for gone, readers in sorted(missed.items()):
        log.warning("day.missed", day=str(gone), subscribers=readers)
    made = plans(
        day,
        subscribers,
        library=library,
        ledger=ledger,
        letters=letters,
        now=now,
        catch_up=catch_up,
        embedder=embedder,
        held=held,
    )
    while chunk := list(islice(made, CHUNK)):
        entered += ledger.plan(chunk, now=now())
    return entered


def _latest_days(
    subscribers: Collection[SubscriberId], day: date, ledger: Ledger
) -> Mapping[SubscriberId, date]:
    """Return the day of each one's latest row before it, after taking back waits that came to nothing."""
    latest = dict(ledger.latest_days(subscribers, day))
    for passed in set(latest.values()):
        theirs = [each for each, last in latest.items() if last == passed]
        if ledger.reopen(theirs, passed, [WAITING]):
            kept = ledger.planned(passed)
            latest.update((each, passed - timedelta(days=1)) for each in theirs if each not in kept)
    return latest


def let_go(
    day: date,
    subscribers: Sequence[Subscriber],
    ids: Mapping[str, SubscriberId],
    latest: Mapping[SubscriberId, date],
) -> Iterator[Plan]:
    """Yield the silences of the days before that day on which there was no round, and why.

    `latest` is the day of each one's latest row before that day. What the days would have brought comes
    with the next digest.
    """
    for each in subscribers:
        subscriber = ids[each.address]
        first = max(latest.get(subscriber, day) + timedelta(days=1), day - LONGEST_ABSENCE)
        yield from silences(each, subscriber, first, day - timedelta(days=1), reason=NO_ROUND)


def silences(
    reader: Subscriber, subscriber: SubscriberId, first: date, last: date, *, reason: str
) -> Iterator[Plan]:
    """Yield a silence for each day from the first to the last, for that reason or one of the reader's own."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield _silent(blank(reader, day), subscriber, Status.QUIET, not_due(reader, day) or reason)


def plans(
    day: date,
    subscribers: Sequence[Subscriber],
    *,
    library: Library,
    ledger: Ledger,
    letters: Letters,
    now: Callable[[], datetime],
    catch_up: timedelta,
    embedder: Embedder | None = None,
    held: Held = nobody,
) -> Iterator[Plan]:
    """Yield the plan of each subscriber who has none for the day; nothing is entered anywhere."""
    ids = ledger.enrol([subscriber.address for subscriber in subscribers], now=now())
    settled, suppressed = ledger.planned(day), ledger.suppressions()
    due: list[Subscriber] = []
    for each in subscribers:
        subscriber = ids[each.address]
        if subscriber in settled:
            continue
        if subscriber in suppressed:
            yield _silent(blank(each, day), subscriber, Status.SUPPRESSED, suppressed[subscriber].reason)
        elif reason := not_due(each, day):
            yield _silent(blank(each, day), subscriber, Status.QUIET, reason)
        elif wait := held(each):
            digest = replace(blank(each, day), remark=str(wait))
            yield _silent(digest, subscriber, Status.QUIET, WAITING)
        else:
            due.append(each)
    for digest in issue(day, due, library, ledger, ids=ids, embedder=embedder).digests():
        yield _plan(digest, ids[digest.subscriber.address], letters, now=now(), catch_up=catch_up)


def issue(
    day: date,
    subscribers: Sequence[Subscriber],
    library: Library,
    ledger: Ledger,
    *,
    ids: Mapping[str, SubscriberId],
    embedder: Embedder | None = None,
) -> Issue:
    """Return what the library holds for these subscribers on that day, planned before or not.

    Where there is an embedder that fails, papers are ranked by words alone, and the digests say so.
    """
    listings = library.listings(day - LONGEST_LOOK_BACK, day)
    meaning, remark = meaning_of([listing.paper for listing in listings], subscribers, embedder)
    readers = _Remembered(day, subscribers, ids, ledger)
    return Issue(
        day,
        readers,
        looks=readers.looks(),
        listings=listings,
        batches=library.batches(_days(day)),
        meaning=meaning,
        remark=remark,
        revisions=library.revisions(day - LONGEST_LOOK_BACK, day),
    )


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The readers of a day with what they had before, which is read for some of them at a time."""

    day: date
    subscribers: Sequence[Subscriber]
    ids: Mapping[str, SubscriberId]
    ledger: Ledger

    def __iter__(self) -> Iterator[Reader]:
        for block in self._blocks():
            yield from self._with(self.ledger.past(self._of(block), self.day), block)

    def looks(self) -> Iterator[Reader]:
        """Yield each with as much of their past as tells what is news to them; with updates that is all."""
        for block in self._blocks():
            looks = self.ledger.looks(self._of(each for each in block if not each.updates), self.day)
            pasts = self.ledger.past(self._of(each for each in block if each.updates), self.day)
            yield from self._with({**looks, **pasts}, block)

    def _blocks(self) -> Iterator[Sequence[Subscriber]]:
        everyone = iter(self.subscribers)
        while block := list(islice(everyone, READERS_AT_ONCE)):
            yield block

    def _of(self, some: Iterable[Subscriber]) -> Sequence[SubscriberId]:
        return [self.ids[each.address] for each in some]

    def _with(self, pasts: Mapping[SubscriberId, Past], block: Sequence[Subscriber]) -> Iterator[Reader]:
        for each in block:
            yield Reader(subscriber=each, past=pasts.get(self.ids[each.address], Past()))


def meaning_of(
    papers: Sequence[Paper], subscribers: Sequence[Subscriber], embedder: Embedder | None
) -> tuple[Meaning | None, str]:
    """Return what papers and keywords mean, or None and what is to be said of that."""
    keywords = tuple(dict.fromkeys(each.text for who in subscribers for each in who.interests.keywords))
    if embedder is None or not papers or not keywords:
        return None, ""
    texts = {paper.id: paper_text(paper) for paper in papers}
    try:
        vectors = embedder.embed([*texts.values(), *keywords])
    except EmbedderError as error:
        log.warning("meaning.unknown", reason=str(error))
        return None, WORDS_ALONE
    return Meaning(
        papers=dict(zip(texts, vectors[: len(texts)], strict=True)),
        keywords=dict(zip(keywords, vectors[len(texts) :], strict=True)),
    ), ""


def _days(day: date) -> Collection[date]:
    return [day - timedelta(days=back) for back in range(LONGEST_LOOK_BACK.days)]


def _plan(
    digest: Digest, subscriber: SubscriberId, letters: Letters, *, now: datetime, catch_up: timedelta
) -> Plan:
    reason = silence(digest)
    if reason is None:
        return _letter(digest, subscriber, letters, now=now)
    if digest.subscriber.when_empty is WhenEmpty.NOTHING:
        return _silent(digest, subscriber, Status.QUIET, reason)
    if _may_come(digest, now, catch_up):
        return _silent(digest, subscriber, Status.QUIET, reason if reason in OPEN else MAY_COME)
    note = _letter(digest, subscriber, letters, now=now)
    remark = "; ".join(filter(None, (f"{NOTE}: {reason}", digest.remark)))
    return replace(note, digest=replace(digest, remark=remark))


def _may_come(digest: Digest, now: datetime, catch_up: timedelta) -> bool:
    """Return whether a source that was not read in full may still bring something that day."""
    waiting = any(batch.state not in SETTLED for batch in digest.batches if batch.day == digest.day)
    end = given_up_at(digest.day, digest.subscriber, catch_up=catch_up)
    return waiting and now < end - LAST_LOOK


def _letter(digest: Digest, subscriber: SubscriberId, letters: Letters, *, now: datetime) -> Plan:
    try:
        letter = letters.write(digest, subscriber, now=now)
    except Exception as error:  # one reader's letter that cannot be made stops nobody else's
        log.exception("letter.failed", subscriber=subscriber, day=str(digest.day))
        return _silent(digest, subscriber, Status.FAILED, f"the letter could not be made: {error}")
    if letter.digest is not digest:
        shown, lines = len(letter.digest.picks), len(letter.digest.titles)
        log.warning("letter.shortened", subscriber=subscriber, day=str(digest.day), cards=shown, lines=lines)
    return Plan(
        subscriber=subscriber,
        day=digest.day,
        status=Status.PLANNED,
        digest=letter.digest,
        message_id=letter.message_id,
        message=letter.message,
    )


def _silent(digest: Digest, subscriber: SubscriberId, status: Status, reason: str) -> Plan:
    return Plan(subscriber=subscriber, day=digest.day, status=status, digest=digest, reason=reason)
