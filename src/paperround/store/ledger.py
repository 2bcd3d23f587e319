"""Deliveries, kept in tables."""

import secrets
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select, Update

from paperround.papers import PaperId
from paperround.ports import (
    Claim,
    DeliveryId,
    DeliveryRecord,
    OnUnknown,
    Past,
    Plan,
    Status,
    StoreError,
    SubscriberId,
)
from paperround.store import statements
from paperround.store.engine import Database, chunks
from paperround.store.entries import delivery_record, delivery_row, pick_rows
from paperround.store.tables import deliveries, picks

_ENDS = frozenset({Status.SENT, Status.DEFERRED, Status.FAILED, Status.UNKNOWN, Status.PLANNED})
_RESOLUTIONS = frozenset({Status.SENT, Status.FAILED, Status.PLANNED})
_SECRET_LENGTH = 32


class SqlLedger:
    """What was, is and will be sent to whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enrol(self, addresses: Iterable[str], *, now: datetime) -> Mapping[str, SubscriberId]:
        """Return the stable id of each address, making those that are new. Case does not matter."""
        asked = tuple(addresses)
        written = {address.lower(): _canonical(address) for address in asked}
        with self._database.reading() as connection:
            known = _enrolled(connection, written)
        if any(known.get(folded, ("", 0))[0] != address for folded, address in written.items()):
            known = self._database.write(lambda connection: _enrol(connection, written, now))
        return {address: known[address.lower()][1] for address in asked}

    def suppressed(self) -> Mapping[SubscriberId, str]:
        """Return who must not get mail, and why."""
        with self._database.reading() as connection:
            rows = connection.execute(statements.suppressed())
            return {row.subscriber: row.reason for row in rows}

    def suppress(self, subscriber: SubscriberId, reason: str, *, now: datetime) -> None:
        """Send this subscriber nothing any more. Doing it again changes nothing."""
        self._change(statements.suppress(subscriber, reason, now=now))

    def past(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        """Return for each of them what they had before that day.

        `had` is of every other day, so that a day can be looked at again as it was.
        """
        spans: dict[SubscriberId, Row[Any]] = {}
        had: dict[SubscriberId, set[PaperId]] = defaultdict(set)
        versions: dict[SubscriberId, dict[PaperId, int]] = defaultdict(dict)
        once: dict[PaperId, PaperId] = {}  # what many readers had lies in memory once
        with self._database.reading() as connection:
            for chunk in chunks(tuple(subscribers)):
                spans.update(
                    (row.subscriber, row) for row in connection.execute(statements.spans(chunk, day))
                )
                for subscriber, paper, version in connection.execute(statements.had(chunk, day)):
                    had[subscriber].add(once.setdefault(paper, paper))
                    if version is not None:
                        latest = versions[subscriber]
                        latest[paper] = max(version, latest.get(paper, version))
        return {
            each: _past(spans.get(each), had.pop(each, set()), versions.get(each, {}))
            for each in set(subscribers)
        }

    def planned(self, day: date) -> frozenset[SubscriberId]:
        """Return who has a row for that day, whatever its status."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(statements.planned(day)))

    def expire(self, subscribers: Collection[SubscriberId], day: date, *, now: datetime) -> int:
        """Give up what is planned or deferred for these subscribers since before that day."""
        return self._change(*(statements.expire(each, day, now=now) for each in chunks(tuple(subscribers))))

    def give_up(self, planned_before: datetime, *, now: datetime) -> int:
        """Make what was planned before then, and is still planned or deferred, failed; return how many.

        What has been unknown since then is held: its letter is too old to be sent once more.
        """
        waiting, unknown = statements.give_up(planned_before, now=now)
        self._change(unknown)
        return self._change(waiting)

    def plan(self, plans: Sequence[Plan], *, now: datetime) -> int:
        """Enter the plans, all or none; a (subscriber, day) that is there already stays as it is.

        Return how many were entered.
        """
        first: dict[tuple[SubscriberId, date], Plan] = {}
        for plan in plans:
            first.setdefault((plan.subscriber, plan.day), plan)
        rows = [delivery_row(plan, now=now) for plan in first.values()]
        return self._database.write(lambda connection: _plan(connection, first, rows)) if rows else 0

    def reopen(self, subscribers: Collection[SubscriberId], day: date, reasons: Collection[str]) -> int:
        """Take back their quiet rows of a day that bear one of the reasons, to be planned anew."""
        return self._change(*(statements.reopen(each, day, reasons) for each in chunks(tuple(subscribers))))

    def withdraw(
        self, remaining: Collection[SubscriberId], *, now: datetime, before: date | None = None
    ) -> int:
        """Make what is planned or deferred for anybody else `suppressed`; hold what is unknown for them.

        With `before`, only rows of earlier days. Return how many rows that were.
        """
        with self._database.reading() as connection:
            gone = set(connection.scalars(statements.awaited())) - set(remaining)
        updates = [statements.withdraw(each, now=now, before=before) for each in chunks(tuple(gone))]
        return self._change(*(each for pair in updates for each in pair))

    def recover(self, *, now: datetime) -> int:
        """Take back what an ended process left as `sending`; nobody else may be delivering.

        Before the mark of `begin_data` it becomes planned again, after it unknown. Return how many.
        """
        return self._change(*statements.recoveries(now=now))

    def claim(
        self,
        day: date | None,
        *,
        on_unknown: OnUnknown,
        now: datetime,
        retry_before: datetime | None,
        unknown_before: datetime | None = None,
        of: Collection[SubscriberId] | None = None,
    ) -> Claim | None:
        """Mark one delivery as `sending` and return it, or None when there is none left.

        Planned ones come first, then deferred ones, those due the longest first, then unknown ones.
        """
        waiting = statements.waiting(
            day,
            on_unknown=on_unknown,
            now=now,
            retry_before=retry_before,
            unknown_before=unknown_before,
            of=of,
        )
        selections = tuple(waiting)
        # What is sent when there is no room left can be sent, but not be recorded as sent.
        self._database.require_room()
        return self._database.write(lambda connection: _claim(connection, selections, now))

    def begin_data(self, delivery: DeliveryId, *, now: datetime) -> None:
        """Mark that the message may from now on be accepted without our learning of it.

        Raise StoreError where the delivery is not being sent.
        """
        self._change_sending(delivery, {"data_begun_at": now, "updated_at": now})

    def settle(
        self,
        delivery: DeliveryId,
        status: Status,
        *,
        reply: str,
        reason: str = "",
        next_at: datetime | None = None,
        now: datetime,
    ) -> None:
        """Record how an attempt ended; it has counted even where the delivery is planned again.

        Raise StoreError where the delivery is not being sent.
        """
        if status not in _ENDS:
            raise ValueError(f"delivery {delivery}: an attempt does not end as {status}")
        if (status is Status.DEFERRED) != (next_at is not None):
            raise ValueError(f"delivery {delivery}: next_at goes with deferred, and only with it")
        values = {**statements.outcome(status, reason=reason, now=now), "reply": reply, "next_at": next_at}
        self._change_sending(delivery, values)

    def resolve(self, delivery: DeliveryId, status: Status, reason: str, *, now: datetime) -> bool:
        """Settle an unknown delivery by hand: SENT, FAILED, or PLANNED to resend it.

        Return False if it is not unknown.
        """
        if status not in _RESOLUTIONS:
            raise ValueError(f"delivery {delivery}: an unknown one is not settled as {status}")
        values = statements.outcome(status, reason=reason, now=now)
        return self._change(statements.change(delivery, Status.UNKNOWN, values)) == 1

    def rows(
        self, *, day: date | None = None, address: str | None = None, status: Status | None = None
    ) -> tuple[DeliveryRecord, ...]:
        """Return the rows that fit, newest day first, then by address."""
        wanted = statements.fitting(day, address, status)
        chosen: dict[DeliveryId, list[Row[Any]]] = defaultdict(list)
        with self._database.reading() as connection:
            found = connection.execute(statements.rows(wanted)).all()
            for pick in connection.execute(statements.picks_of(wanted)):
                chosen[pick.delivery].append(pick)
        return tuple(delivery_record(row, chosen.get(row.id, ())) for row in found)

    def tally(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[Status, int]:
        """Return how many of their rows of that day are in each status; those with none are left out."""
        asked = frozenset(subscribers)
        with self._database.reading() as connection:
            rows = connection.execute(statements.statuses(day))
            return Counter(row.status for row in rows if row.subscriber in asked)

    def secret(self) -> bytes:
        """Return the 32 random bytes of this installation, made on first use."""
        with self._database.reading() as connection:
            known: bytes | None = connection.scalar(statements.secret())
        return known or self._database.write(_make_secret)

    def _change(self, *changes: Executable) -> int:
        """Return how many rows were changed, in one transaction."""
        return self._database.write(
            lambda connection: sum(connection.execute(change).rowcount for change in changes)
        )

    def _change_sending(self, delivery: DeliveryId, values: Mapping[str, Any]) -> None:
        statement = statements.change(delivery, Status.SENDING, values)
        self._database.write(lambda connection: _change_one(connection, statement, delivery))


def _canonical(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


Enrolled = Mapping[str, tuple[str, SubscriberId]]  # by the address in lower case: as written, and the id


def _enrolled(connection: Connection, folded: Collection[str]) -> Enrolled:
    return {
        row.folded: (row.address, row.id)
        for chunk in chunks(tuple(folded))
        for row in connection.execute(statements.enrolled(chunk))
    }


def _enrol(connection: Connection, written: Mapping[str, str], now: datetime) -> Enrolled:
    rows = [{"address": address, "folded": folded, "enrolled_at": now} for folded, address in written.items()]
    connection.execute(statements.enrol(), rows)
    return _enrolled(connection, written)


def _past(span: Row[Any] | None, had: Iterable[PaperId], versions: Mapping[PaperId, int]) -> Past:
    if span is None:
        return Past(had=frozenset(had), versions=versions)
    return Past(
        first_day=span.first_day,
        last_day=span.last_day,
        planned_at=span.planned_at,
        had=frozenset(had),
        versions=versions,
    )


def _plan(
    connection: Connection,
    plans: Mapping[tuple[SubscriberId, date], Plan],
    rows: Sequence[Mapping[str, object]],
) -> int:
    entering = statements.plan().returning(deliveries.c.id, deliveries.c.subscriber, deliveries.c.day)
    entered = connection.execute(entering, rows).all()
    chosen = [pick for row in entered for pick in pick_rows(plans[row.subscriber, row.day], row.id)]
    if chosen:
        connection.execute(picks.insert(), chosen)
    return len(entered)


def _claim(connection: Connection, waiting: Iterable[Select[Any]], now: datetime) -> Claim | None:
    for selection in waiting:
        claiming = statements.claim(selection, now=now)
        while (row := connection.execute(claiming).one_or_none()) is not None:
            if row.status is not Status.SENDING:
                continue
            try:
                message = zlib.decompress(row.message)
            except zlib.error:
                reason = "the stored letter is damaged"
                values = statements.outcome(Status.FAILED, reason=reason, now=now)
                connection.execute(statements.change(row.id, Status.SENDING, values))
                continue
            return Claim(id=row.id, recipient=row.recipient, message=message, attempts=row.attempts)
    return None


def _change_one(connection: Connection, statement: Update, delivery: DeliveryId) -> None:
    if connection.execute(statement).rowcount != 1:
        raise StoreError(f"delivery {delivery}: is not being sent, so nothing of its sending can be recorded")


def _make_secret(connection: Connection) -> bytes:
    connection.execute(statements.keep_secret(secrets.token_bytes(_SECRET_LENGTH)))
    kept: bytes = connection.execute(statements.secret()).scalar_one()
    return kept
