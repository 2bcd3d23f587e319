"""The whole round of a day: collect -> compose -> deliver."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import structlog

from paperround.awaiting import LOOK_BACK, Wait, Waiting
from paperround.batches import SETTLED, BatchRecord
from paperround.clock import local_day
from paperround.collecting import collect
from paperround.composing import compose
from paperround.delivering import Delivered, Route, deliver
from paperround.issue import OPEN, not_due
from paperround.joining import Joining
from paperround.letters import Letters
from paperround.polls import Polls
from paperround.ports import (
    Claim,
    Embedder,
    Gap,
    Ledger,
    Library,
    OnUnknown,
    Preferences,
    Relay,
    Source,
    Status,
    SubscriberId,
)
from paperround.preferences import overlaid
from paperround.rates import Later, Rate
from paperround.returning import Returning
from paperround.roll import Roll
from paperround.shifts import Shift
from paperround.subscribers import Subscriber

log = structlog.get_logger()

LIFE_OF_A_LETTER = timedelta(days=3)  # what could not be delivered for so long is news no more
LOOK_AT_OTHERS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a round is done with.

    `roll` knows all subscribers there are: nobody else gets anything; `preferences` are what they chose for
    themselves. Without an `embedder`, papers are ranked by words alone. `rate` is what the relay may be
    handed, `returning` looks after mail that comes back, `joining` after strangers who ask for the papers,
    and `catch_up` is how long after a reader's hour a digest may still go out. `shift` is entered for the
    delivery, so that of several processes each makes its own part of it; `stop` ends it after the
    transactions in hand.
    """

    roll: Roll
    sources: Sequence[Source]
    library: Library
    ledger: Ledger
    preferences: Preferences
    letters: Letters
    relay: Relay
    rate: Rate
    returning: Returning
    connections: int
    on_unknown: OnUnknown
    now: Callable[[], datetime]
    catch_up: timedelta
    shift: Callable[[], AbstractAsyncContextManager[Shift]]
    embedder: Embedder | None = None
    polls: Polls = field(default_factory=Polls)
    joining: Joining | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """All there are at this moment, as they were set up: who joins by themselves is one from then on."""
        return self.roll.everybody()

    def current(self, subscribers: Sequence[Subscriber]) -> tuple[Subscriber, ...]:
        """Return these subscribers as they wish to read by now."""
        return overlaid(subscribers, self.preferences.overlays())


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a day stands for some subscribers, and what this run did for it.

    `tally` counts the rows of the ledger by status. `batches` were asked for, `planned` rows entered
    and `attempts` made by this run; `stopped` says what ended the delivery before everything was tried,
    and `later` when the rest is due where nothing is wrong with that; `trouble` says why letters of it
    were made with the built-in templates and not with the operator's.
    """

    day: date
    subscribers: int
    tally: Mapping[Status, int]
    batches: tuple[BatchRecord, ...]
    planned: int
    attempts: int
    stopped: str | None
    later: Later | None = None
    trouble: str = ""

    @property
    def balances(self) -> bool:
        """Whether everybody has a row: a delivery, or the reason why there is none."""
        return sum(self.tally.values()) == self.subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was done for a day before its letters go out; `trouble` is as in a Round.

    `waits` are what digests of the day are held back for, the earliest end first.
    """

    subscribers: frozenset[SubscriberId]
    batches: tuple[BatchRecord, ...]
    planned: int
    trouble: str
    waits: tuple[Wait, ...] = ()


class Stopped(Exception):  # noqa: N818 - it was asked for
    """Somebody asked to stop while nothing was on its way that had to be finished."""


async def run(
    day: date,
    subscribers: Sequence[Subscriber],
    desk: Desk,
    *,
    max_age: timedelta,
    retry: bool = False,
    alone: bool = False,
    patience: timedelta = timedelta(0),
) -> Round:
    """Do what is still to be done for the day. Doing it again changes nothing.

    `max_age` is as for `prepare`, `retry` and `patience` as for `post`; with `alone`, nobody else's
    letters are delivered beside those of these subscribers.
    """
    prepared = await prepare(day, subscribers, desk, max_age=max_age)
    ids = prepared.subscribers
    delivered = await post(desk, of=ids if alone else None, retry=retry, patience=patience)
    return Round(
        day=day,
        subscribers=len(ids),
        tally=await asyncio.to_thread(desk.ledger.tally, ids, day),
        batches=prepared.batches,
        planned=prepared.planned,
        attempts=delivered.attempts,
        stopped=delivered.stopped,
        later=delivered.later,
        trouble=prepared.trouble,
    )


async def prepare(
    day: date,
    subscribers: Sequence[Subscriber],
    desk: Desk,
    *,
    max_age: timedelta,
    latest: timedelta | None = None,
) -> Prepared:
    """Give each of them a row for the day: a letter to be delivered, or the reason for silence.

    Sources are asked only when somebody is without a plan, or when one of them failed; and not for what
    they gave less than `max_age` ago. With `latest`, a digest waits for what they have not brought yet, up
    to so long after its hour. What the subscribers chose for themselves holds as it is now, and a pause
    once more before the delivery.
    """
    subscribers = await asyncio.to_thread(desk.current, subscribers)
    ids = await asyncio.to_thread(_enrolled, subscribers, desk)
    batches: tuple[BatchRecord, ...] = ()
    # A source that failed is asked again though everybody has a plan: what it gives comes late.
    if await asyncio.to_thread(_is_unfinished, day, ids.values(), desk):
        batches = await collected(day, desk, max_age=max_age)
    waits = await asyncio.to_thread(_waits, day, subscribers, desk, latest=latest)
    letters = desk.letters.for_round()
    planned = await asyncio.to_thread(_composed, day, subscribers, ids, waits, desk, letters)
    if letters.trouble:
        log.warning("templates.unusable", day=str(day), reason=letters.trouble)
    return Prepared(
        subscribers=frozenset(ids.values()),
        batches=batches,
        planned=planned,
        trouble=letters.trouble,
        waits=tuple(sorted(set(waits.values()), key=lambda wait: (wait.until, wait.sources))),
    )


async def collected(day: date, desk: Desk, *, max_age: timedelta) -> tuple[BatchRecord, ...]:
    """Ask the sources for the day, and return what each of them gave; raise Stopped when asked to stop."""
    collecting = asyncio.ensure_future(
        collect(day, desk.sources, desk.library, now=desk.now, max_age=max_age, polls=desk.polls)
    )
    stopping = asyncio.ensure_future(desk.stop.wait())
    await asyncio.wait({collecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if collecting.done():
        stopping.cancel()
        return collecting.result()
    collecting.cancel()
    await asyncio.wait({collecting})
    raise Stopped("stopped by request; nothing is lost")


async def post(
    desk: Desk,
    *,
    of: Collection[SubscriberId] | None = None,
    retry: bool = False,
    patience: timedelta = timedelta(0),
    at_most: timedelta | None = None,
) -> Delivered:
    """Deliver what is planned, or due for another attempt, of whatever day: for some, or for all.

    A pause of the relay of at most `patience` is sat through. With `retry`, what was deferred is tried
    before its time, and for as long other processes are waited for that have such letters in hand. After
    `at_most` nothing more is begun.
    """
    desk = replace(desk, now=_forward(desk.now))
    started = desk.now()
    until = None if at_most is None else started + at_most
    async with desk.shift() as shift:

        def claim(cleared: datetime) -> Claim | Later | None:
            return desk.ledger.claim(
                worker=shift.worker,
                rate=desk.rate,
                on_unknown=desk.on_unknown,
                now=desk.now(),
                retry_before=started if retry else None,
                unknown_before=cleared,  # a reply that was lost just now may have been about the relay
                of=of,
            )

        delivered = await _delivered(desk, shift, claim, patience=patience, until=until)
        for _ in range(int(patience / LOOK_AT_OTHERS) if retry else 0):
            if delivered.stopped or not await asyncio.to_thread(desk.ledger.in_hand, of):
                break
            await asyncio.sleep(LOOK_AT_OTHERS.total_seconds())
            more = await _delivered(desk, shift, claim, patience=patience, until=until)
            delivered = replace(more, attempts=delivered.attempts + more.attempts)
        return delivered


async def _delivered(
    desk: Desk,
    shift: Shift,
    claim: Callable[[datetime], Claim | Later | None],
    *,
    patience: timedelta,
    until: datetime | None,
) -> Delivered:
    await asyncio.to_thread(_cleared, desk, shift)
    cleared = desk.now()  # what was taken back from the dead is older
    route = Route(
        relay=desk.relay,
        name=desk.rate.relay,
        connections=desk.connections,
        return_path=desk.letters.return_path,
        refused=desk.returning.refused,
    )
    return await deliver(
        desk.ledger,
        route,
        lambda: claim(cleared),
        now=desk.now,
        stop=desk.stop,
        patience=patience,
        until=until,
    )


def standing_gaps(ledger: Ledger, now: datetime) -> tuple[Gap, ...]:
    """Return the rounds of the last days that left somebody without a row."""
    lately = (gap for gap in ledger.gaps() if now - gap.begun_at < LIFE_OF_A_LETTER)
    return tuple(gap for gap in lately if gap.stands(now))


def _forward(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that stands still while the other one goes back.

    What was tried at a time that is to come would else be due again at once, for as long as that lasts.
    """
    latest = now()

    def forward() -> datetime:
        nonlocal latest
        latest = max(latest, now())
        return latest

    return forward


def _waits(
    day: date, subscribers: Sequence[Subscriber], desk: Desk, *, latest: timedelta | None
) -> Mapping[str, Wait]:
    """Return what digests of the day are held back for, by the address of the reader."""
    if latest is None:
        return {}
    looked_at = [day - timedelta(days=back) for back in range(LOOK_BACK.days + 1)]
    waiting = Waiting(
        day,
        {source.name: source.calendar for source in desk.sources},
        desk.library.batches(looked_at),
        latest=latest,
        catch_up=desk.catch_up,
        now=desk.now(),
    )
    return {
        each.address: wait
        for each in subscribers
        if not_due(each, day) is None and (wait := waiting.wait(each)) is not None
    }


def _composed(
    day: date,
    subscribers: Sequence[Subscriber],
    ids: Mapping[str, SubscriberId],
    waits: Mapping[str, Wait],
    desk: Desk,
    letters: Letters,
) -> int:
    """Plan the day for who is without a row, and note who is so all the same; return how many."""
    over = frozenset(subscriber for address, subscriber in ids.items() if address not in waits)
    desk.ledger.reopen(over, day, OPEN)
    without = frozenset(ids.values()) - desk.ledger.planned(day)
    if not without:
        return 0
    noted = desk.ledger.begin_round(day, without, now=desk.now())
    planned = compose(
        day,
        subscribers,
        library=desk.library,
        ledger=desk.ledger,
        letters=letters,
        now=desk.now,
        catch_up=desk.catch_up,
        embedder=desk.embedder,
        held=lambda subscriber: waits.get(subscriber.address),
    )
    if missing := desk.ledger.end_round(noted, now=desk.now()):
        log.error("round.unbalanced", day=str(day), missing=len(missing))
    return planned


def _cleared(desk: Desk, shift: Shift) -> None:
    """Take back what workers that died left half done, and what must not be sent any more."""
    now = desk.now()
    if recovered := shift.take_over(now=now):
        log.warning("deliveries.recovered", count=recovered)
    if withdrawn := _withdrawn(desk, now):
        log.info("letters.withdrawn", count=withdrawn)
    desk.ledger.give_up(now - LIFE_OF_A_LETTER, now=now)


def _withdrawn(desk: Desk, now: datetime) -> int:
    """Take back the letters of who is gone or rests, and return how many.

    A letter of the day that ends a pause may be written before that day has come where its reader lives.
    """
    subscribers = desk.subscribers
    ids = desk.ledger.enrol([each.address for each in subscribers], now=now)
    everyone = set(ids.values())
    resting: dict[date | None, set[SubscriberId]] = {None: set()}  # by the day that brings mail again
    for each in desk.current(subscribers):
        today = local_day(each, now)
        if each.rests_on(today):
            resting.setdefault(each.back_on(today), set()).add(ids[each.address])
    return sum(
        desk.ledger.withdraw(everyone - them, now=now, before=until) for until, them in resting.items()
    )


def _enrolled(subscribers: Sequence[Subscriber], desk: Desk) -> Mapping[str, SubscriberId]:
    return desk.ledger.enrol([each.address for each in subscribers], now=desk.now())


def _is_unfinished(day: date, subscribers: Collection[SubscriberId], desk: Desk) -> bool:
    """Return whether one of these has no row, or a source may still bring something."""
    return not desk.ledger.planned(day).issuperset(subscribers) or any(
        batch.state not in SETTLED for batch in desk.library.batches([day])
    )
