"""A backup is made the store: nothing may run meanwhile, and nothing goes out twice of itself afterwards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from paperround import clock
from paperround.composing import LONGEST_ABSENCE, silences
from paperround.ports import StoreError, Suppression
from paperround.preferences import overlaid
from paperround.shifts import Lock, lock_of
from paperround.store import Contents, Store, backups, open_store
from paperround.subscribers import Subscriber

NOT_KNOWN = "a backup was restored, and whether a digest went out that day is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored, and what that leaves open.

    `aside` is where the store lies that was there. `held` letters wait for a person, `silences` rows say
    that nothing is known of a day between `since` and `until`. `left` is how many get nothing any more by
    the store that was there and did by the backup, or None where that could not be read.
    """

    contents: Contents
    aside: Path | None
    held: int
    silences: int
    since: date
    until: date
    left: int | None


def restore(
    backup: Path,
    store: Path,
    readers: Callable[[Store], Sequence[Subscriber]],
    *,
    workers: Path,
    catch_up: timedelta,
    hold: bool,
    now: datetime,
) -> Restored:
    """Put a copy of the backup in the place of the store, brought up to date, and say what is open.

    With `hold`, letters that it had still to send wait for a person, and for the days since it was made
    nobody gets a digest: who got what is not known. Raise StoreError, and leave everything as it was,
    where the backup cannot be used or anything runs. `readers` tells who reads by a store.
    """
    require_rest(workers)
    aside = _aside(store, now) if store.exists() else None
    part = backups.fetch(backup, store)
    try:
        with closing(open_store(f"sqlite:///{part}")) as opened:
            contents = opened.contents()
            subscribers = readers(opened)
            if aside is not None:
                backups.require_alone(store)
            left = None if aside is None else _left(store, part)
            more = None if left is None else _take_over(opened, left, now=now)
            written_at = min(contents.written_at or now, now)
            subscribers = overlaid(subscribers, opened.preferences.overlays())
            held = opened.hold(NOT_KNOWN, now=now) if hold else 0
            days = _days(subscribers, written_at, now, catch_up=catch_up)
            silences = _be_silent(opened, subscribers, days, now=now) if hold else 0
        if aside is not None:
            backups.require_alone(store)
        backups.put_in_place(part, store, aside=aside)
    except StoreError as error:
        backups.discard(part)
        raise StoreError(str(error).replace(str(part), str(backup))) from error
    except BaseException:
        backups.discard(part)
        raise
    return Restored(
        contents=contents,
        aside=aside,
        held=held,
        silences=silences,
        since=min((first for first, _ in days.values()), default=now.date()),
        until=max((last for _, last in days.values()), default=now.date()),
        left=more,
    )


def require_rest(workers: Path) -> None:
    """Raise StoreError where anything is being delivered."""
    if workers.is_dir() and any(lock_of(each) is not Lock.FREE for each in workers.iterdir()):
        raise StoreError("a delivery is under way; end the service or wait for `send`, and run this again")


def _aside(store: Path, now: datetime) -> Path:
    return store.with_name(f"{store.name}.before-{now:%Y%m%dT%H%M%SZ}")


def _left(store: Path, part: Path) -> Mapping[str, Suppression] | None:
    """Return by address who gets nothing any more by the store that was there; None if it is unreadable.

    It is looked at in a copy, for it is kept as it is.
    """
    try:
        copy = backups.fetch(store, part)
    except StoreError:
        return None
    try:
        with closing(open_store(f"sqlite:///{copy}")) as opened:
            suppressions = opened.ledger.suppressions()
            addresses = opened.ledger.addresses(suppressions)
            return {addresses[each]: suppression for each, suppression in suppressions.items()}
    except StoreError:
        return None
    finally:
        backups.discard(copy)


def _take_over(store: Store, left: Mapping[str, Suppression], *, now: datetime) -> int:
    """Send nothing to who left since the backup was made, or whose mail came back; return how many."""
    with store.numbered_anew(now=now):
        store.ledger.enrol(left, now=now)
    ids = store.ledger.enrol(left, now=now)
    known = store.ledger.suppressions()
    for address, each in left.items():
        store.ledger.suppress(ids[address], each.reason, cause=each.cause, now=each.since)
    return len(set(ids.values()) - known.keys())


def _days(
    subscribers: Sequence[Subscriber], written_at: datetime, now: datetime, *, catch_up: timedelta
) -> Mapping[str, tuple[date, date]]:
    """Return for each reader's address the first and the last day whose digest may have gone out since.

    `send` takes a day for all that has not begun for some, so the last one is the last there is for any.
    """
    until = max((clock.local_day(each, now) for each in subscribers), default=now.date())
    since = {
        each.address: clock.due(each, written_at, catch_up=catch_up) or clock.local_day(each, written_at)
        for each in subscribers
    }
    return {address: (max(first, until - LONGEST_ABSENCE), until) for address, first in since.items()}


def _be_silent(
    store: Store,
    subscribers: Sequence[Subscriber],
    days: Mapping[str, tuple[date, date]],
    *,
    now: datetime,
) -> int:
    addresses = [each.address for each in subscribers]
    with store.numbered_anew(now=now):
        store.ledger.enrol(addresses, now=now)
    ids = store.ledger.enrol(addresses, now=now)
    with store.numbered_anew(now=now):
        plans = [
            plan
            for each in subscribers
            for plan in silences(each, ids[each.address], *days[each.address], reason=NOT_KNOWN)
        ]
        return store.ledger.plan(plans, now=now)
