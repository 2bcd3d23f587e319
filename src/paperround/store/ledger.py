"""Deliveries, kept in tables."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row

from paperround.papers import PaperId
from paperround.ports import (
    Cause,
    DeliveryId,
    DeliveryRecord,
    Gap,
    OnUnknown,
    Past,
    Plan,
    RoundId,
    Status,
    SubscriberId,
    Suppression,
)
from paperround.store import statements
from paperround.store.dispatch import SqlDispatch
from paperround.store.dispatch_statements import change, outcome, suppress
from paperround.store.engine import chunks
from paperround.store.entries import delivery_record, delivery_row, pick_rows
from paperround.store.tables import deliveries, picks, rounds
from paperround.subscribers import WEEK

_RESOLUTIONS = frozenset({Status.SENT, Status.FAILED, Status.PLANNED})
_SECRET_LENGTH = 32


class SqlLedger(SqlDispatch):
    """What was, is and will be sent to whom."""

    def enrol(self, addresses: Iterable[str], *, now: datetime) -> Mapping[str, SubscriberId]:
        """Return the stable id of each address, making those that are new. Case does not matter."""
        asked = tuple(addresses)
        written = {address.lower(): _canonical(address) for address in asked}
        with self._database.reading() as connection:
            known = _enrolled(connection, written)
        if any(known.get(folded, ("", 0))[0] != address for folded, address in written.items()):
            known = self._database.write(lambda connection: _enrol(connection, written, now))
        return {address: known[address.lower()][1] for address in asked}

    def addresses(self, subscribers: Collection[SubscriberId]) -> Mapping[SubscriberId, str]:
        """Return the addresses of these subscribers, as they were last written."""
        with self._database.reading() as connection:
            return _addresses(connection, subscribers)

    def suppressions(self) -> Mapping[SubscriberId, Suppression]:
        """Return who must not get mail, and why."""
        with self._database.reading() as connection:
            rows = connection.execute(statements.suppressed())
            return {
                row.subscriber: Suppression(cause=row.cause, reason=row.reason, since=row.since)
                for row in rows
            }

    def suppress(
        self, subscriber: SubscriberId, reason: str, *, cause: Cause = Cause.UNSUBSCRIBED, now: datetime
    ) -> None:
        """Send this subscriber nothing any more. Doing it again changes nothing.

        Only a wish of theirs takes the place of mail that came back.
        """
        self._change(suppress(subscriber, cause, reason, now=now))

    def readmit(self, subscriber: SubscriberId) -> bool:
        """Send this subscriber mail again; return False if they were not suppressed."""
        return self._change(statements.readmit(subscriber)) == 1

    def past(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        """Return for each of them what they had before that day.

        `had` is of every other day, so that a day can be looked at again as it was.
        """
        spans: dict[SubscriberId, Row[Any]] = {}
        had: dict[SubscriberId, set[PaperId]] = defaultdict(set)
        missed: dict[SubscriberId, Counter[PaperId]] = defaultdict(Counter)
        versions: dict[SubscriberId, dict[PaperId, int]] = defaultdict(dict)
        rested: dict[SubscriberId, set[date]] = defaultdict(set)
        once: dict[PaperId, PaperId] = {}  # what many readers had lies in memory once
        with self._database.reading() as connection:
            for chunk in chunks(tuple(subscribers)):
                spans.update(
                    (row.subscriber, row) for row in connection.execute(statements.spans(chunk, day))
                )
                # Hardly anybody: of all, it would take as long as the rest together.
                long_ago = [each for each in chunk if _is_long_ago(spans.get(each), day)]
                for subscriber, rest in connection.execute(statements.rested(long_ago, day)):
                    rested[subscriber].add(rest)
                for subscriber, paper, version, failed_at in connection.execute(statements.had(chunk, day)):
                    if failed_at is not None:
                        if _is_news(failed_at, spans.get(subscriber)):
                            missed[subscriber][once.setdefault(paper, paper)] += 1
                        continue
                    had[subscriber].add(once.setdefault(paper, paper))
                    if version is not None:
                        latest = versions[subscriber]
                        latest[paper] = max(version, latest.get(paper, version))
        return {
            each: Past(
                **_span(spans.get(each)),
                had=frozenset(had[each]),
                missed=_missed(missed[each], had[each]) if each in missed else frozenset(),
                rested=frozenset(rested.get(each, ())),
                versions=versions.get(each, {}),
            )
            for each in set(subscribers)
        }

    def looks(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        """Return of `past` only what tells which papers are news to each of them, for far less."""
        spans: dict[SubscriberId, Row[Any]] = {}
        missed: dict[SubscriberId, Counter[PaperId]] = defaultdict(Counter)
        with self._database.reading() as connection:
            for chunk in chunks(tuple(subscribers)):
                spans.update(
                    (row.subscriber, row) for row in connection.execute(statements.spans(chunk, day))
                )
                for row in connection.execute(statements.failed(chunk, day)):
                    if _is_news(row.failed_at, spans.get(row.subscriber)):
                        missed[row.subscriber][row.paper] += 1
        return {
            each: Past(**_span(spans.get(each)), missed=_missed(missed.get(each, {}), set()))
            for each in set(subscribers)
        }

    def planned(self, day: date) -> frozenset[SubscriberId]:
        """Return who has a row for that day, whatever its status."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(statements.planned(day)))

    def quiet(self, day: date, reasons: Collection[str]) -> frozenset[SubscriberId]:
        """Return who has a quiet row for that day that bears one of the reasons."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(statements.quiet(day, reasons)))

    def latest_days(self, subscribers: Collection[SubscriberId], before: date) -> Mapping[SubscriberId, date]:
        """Return the day of the latest row of each before that day, whatever its status."""
        with self._database.reading() as connection:
            return {
                row.subscriber: row.day
                for chunk in chunks(tuple(subscribers))
                for row in connection.execute(statements.latest_days(chunk, before))
            }

    def begin_round(self, day: date, subscribers: Collection[SubscriberId], *, now: datetime) -> RoundId:
        """Note that each of these is to have a row for that day, before any is made."""
        beginning = statements.begin_round(day, subscribers, now=now).returning(rounds.c.id)
        return RoundId(self._database.write(lambda connection: connection.execute(beginning).scalar_one()))

    def end_round(self, round_id: RoundId, *, now: datetime) -> frozenset[SubscriberId]:
        """Return who of the round has no row, which nobody may be; the note stays as long as that is so."""

        def end(connection: Connection) -> frozenset[SubscriberId]:
            (day,) = connection.execute(statements.day_of(round_id)).one()
            planned = frozenset(connection.scalars(statements.planned(day)))
            missing: frozenset[SubscriberId] = frozenset()
            # Also the notes of those that broke off, and that this one has done the work of.
            for noted in connection.execute(statements.rounds_of(day)).all():
                left = frozenset(noted.missing) - planned
                if noted.id == round_id:
                    missing = left
                if noted.id == round_id or not left:
                    connection.execute(statements.end_round(noted.id, left, now=now))
            return missing

        return self._database.write(end)

    def gaps(self) -> tuple[Gap, ...]:
        """Return the rounds, begun or ended, of which somebody has no row, the newest first."""
        with self._database.reading() as connection:
            found = (_gap(connection, noted) for noted in connection.execute(statements.noted_rounds()).all())
            return tuple(gap for gap in found if gap.missing)

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

    def resolve(self, delivery: DeliveryId, status: Status, reason: str, *, now: datetime) -> bool:
        """Settle an unknown delivery by hand: SENT, FAILED, or PLANNED to resend it.

        Return False if it is not unknown.
        """
        if status not in _RESOLUTIONS:
            raise ValueError(f"delivery {delivery}: an unknown one is not settled as {status}")
        values = outcome(status, reason=reason, now=now)
        return self._change(change(delivery, Status.UNKNOWN, values)) == 1

    def rows(
        self,
        *,
        day: date | None = None,
        since: date | None = None,
        address: str | None = None,
        status: Status | None = None,
    ) -> tuple[DeliveryRecord, ...]:
        """Return the rows that fit, newest day first, then by address."""
        wanted = statements.fitting(day, since, address, status)
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

    def outcomes(self, since: datetime) -> Mapping[Status, int]:
        """Return how many rows, of days up to LONGEST_TALE before then, came to their status since then."""
        with self._database.reading() as connection:
            row = connection.execute(statements.outcomes(since)).one()
        return {each: count for each in Status if (count := getattr(row, each.value))}

    def held(self, on_unknown: OnUnknown) -> int:
        """Return how many unknown deliveries wait for a person, where the first time is dealt with so."""
        with self._database.reading() as connection:
            count: int = connection.execute(statements.held(on_unknown)).scalar_one()
        return count

    def tallies(self, since: date) -> Mapping[date, Mapping[Status, int]]:
        """Return for each day from then on that has rows how many of them are in each status."""
        found: dict[date, dict[Status, int]] = defaultdict(dict)
        with self._database.reading() as connection:
            for row in connection.execute(statements.tallies(since)):
                found[row.day][row.status] = row.number
        return dict(found)

    @cached_property
    def _secret(self) -> bytes:
        with self._database.reading() as connection:
            known: bytes | None = connection.scalar(statements.secret())
        return known or self._database.write(_make_secret)

    def secret(self) -> bytes:
        """Return the 32 random bytes of this installation, made on first use and then kept in mind."""
        return self._secret


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


def _gap(connection: Connection, noted: Row[Any]) -> Gap:
    planned = frozenset(connection.scalars(statements.planned(noted.day)))
    missing = [each for each in noted.missing if each not in planned]
    return Gap(
        day=noted.day,
        begun_at=noted.begun_at,
        ended=noted.ended_at is not None,
        missing=tuple(_addresses(connection, missing).values()),
    )


def _addresses(connection: Connection, of: Collection[SubscriberId]) -> Mapping[SubscriberId, str]:
    found = (row for chunk in chunks(sorted(of)) for row in connection.execute(statements.addresses(chunk)))
    return {row.id: row.address for row in found}


def _missed(failures: Mapping[PaperId, int], had: set[PaperId]) -> frozenset[PaperId]:
    """Return what is worth another try: what came back twice would come back again and again."""
    return frozenset(paper for paper, times in failures.items() if times == 1 and paper not in had)


def _is_news(failed_at: datetime, span: Row[Any] | None) -> bool:
    """Return whether the failure came after the latest look at papers, which else knew of it."""
    return span is None or span.planned_at is None or failed_at > span.planned_at


def _is_long_ago(span: Row[Any] | None, day: date) -> bool:
    return span is not None and span.last_day is not None and day - span.last_day > WEEK


def _span(found: Row[Any] | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {"first_day": found.first_day, "last_day": found.last_day, "planned_at": found.planned_at}


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


def _make_secret(connection: Connection) -> bytes:
    connection.execute(statements.keep_secret(secrets.token_bytes(_SECRET_LENGTH)))
    kept: bytes = connection.execute(statements.secret()).scalar_one()
    return kept
