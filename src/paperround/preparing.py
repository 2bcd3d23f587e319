"""The first half of a round: everybody has a row for the day, a letter or the reason for silence."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from paperround.awaiting import LOOK_BACK, Wait, Waiting
from paperround.batches import SETTLED, BatchRecord
from paperround.collecting import collect
from paperround.composing import compose
from paperround.desk import Desk
from paperround.issue import OPEN, WAITING, not_due
from paperround.letters import Letters
from paperround.ports import SubscriberId
from paperround.stopping import unless_stopped
from paperround.subscribers import Subscriber

LAST_ASKED = timedelta(minutes=1)  # before a digest goes without a source

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was done for a day before its letters go out; `trouble` is as in a Round.

    `waits` are what digests of the day are held back for, by the address of the reader.
    """

    subscribers: frozenset[SubscriberId]
    batches: tuple[BatchRecord, ...]
    planned: int
    trouble: str
    waits: Mapping[str, Wait]


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
    waits = await asyncio.to_thread(_waits, day, subscribers, ids, desk, latest=latest)
    for wait in set(waits.values()):
        for source in wait.sources:
            desk.polls.ask_by(source, day, wait.until - LAST_ASKED)
    letters = desk.letters.for_round()
    planned = await asyncio.to_thread(_composed, day, subscribers, ids, waits, desk, letters)
    if letters.trouble:
        log.warning("templates.unusable", day=str(day), reason=letters.trouble)
    return Prepared(
        subscribers=frozenset(ids.values()),
        batches=batches,
        planned=planned,
        trouble=letters.trouble,
        waits=waits,
    )


async def collected(day: date, desk: Desk, *, max_age: timedelta) -> tuple[BatchRecord, ...]:
    """Ask the sources for the day, and return what each of them gave; raise Stopped when asked to stop."""
    collecting = collect(day, desk.sources, desk.library, now=desk.now, max_age=max_age, polls=desk.polls)
    return await unless_stopped(collecting, desk.stop)


def _waits(
    day: date,
    subscribers: Sequence[Subscriber],
    ids: Mapping[str, SubscriberId],
    desk: Desk,
    *,
    latest: timedelta | None,
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
    settled = desk.ledger.planned(day) - desk.ledger.quiet(day, [WAITING])
    settled |= desk.ledger.suppressions().keys()
    return {
        each.address: wait
        for each in subscribers
        if ids[each.address] not in settled
        and not_due(each, day) is None
        and (wait := waiting.wait(each)) is not None
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


def _enrolled(subscribers: Sequence[Subscriber], desk: Desk) -> Mapping[str, SubscriberId]:
    return desk.ledger.enrol([each.address for each in subscribers], now=desk.now())


def _is_unfinished(day: date, subscribers: Collection[SubscriberId], desk: Desk) -> bool:
    """Return whether one of these has no row, or a source may still bring something."""
    return not desk.ledger.planned(day).issuperset(subscribers) or any(
        batch.state not in SETTLED for batch in desk.library.batches([day])
    )
