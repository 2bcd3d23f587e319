"""The second half of a round: what is planned, or due for another attempt, goes out."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from paperround.clock import local_day
from paperround.delivering import Delivered, Route, deliver
from paperround.desk import Desk
from paperround.ports import Claim, Gap, Ledger, SubscriberId
from paperround.rates import Later
from paperround.shifts import Shift

log = structlog.get_logger()

LIFE_OF_A_LETTER = timedelta(days=3)  # what could not be delivered for so long is news no more
LOOK_AT_OTHERS = timedelta(seconds=1)


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

        def claim(limit: int, cleared: datetime) -> Sequence[Claim] | Later:
            return desk.ledger.claim(
                worker=shift.worker,
                rate=desk.rate,
                on_unknown=desk.on_unknown,
                now=desk.now(),
                retry_before=started if retry else None,
                unknown_before=cleared,  # a reply that was lost just now may have been about the relay
                of=of,
                limit=limit,
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
    claim: Callable[[int, datetime], Sequence[Claim] | Later],
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
        lambda limit: claim(limit, cleared),
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
