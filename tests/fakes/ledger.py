"""A ledger in memory."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import RLock
from typing import Any

from paperround.digests import Pick
from paperround.ports import (
    Claim,
    DeliveryId,
    DeliveryRecord,
    OnUnknown,
    Past,
    PickRecord,
    Plan,
    Status,
    StoreError,
    SubscriberId,
)

GIVEN_UP = {Status.FAILED, Status.SUPPRESSED, Status.QUIET}
TO_BE_SENT = {Status.PLANNED, Status.SENDING, Status.DEFERRED, Status.UNKNOWN}


@dataclass
class Row:
    """A delivery: what is shown of it, and what is not."""

    record: DeliveryRecord
    subscriber: SubscriberId
    message: bytes
    marked: bool = False
    unknowns: int = 0


@dataclass
class MemoryLedger:
    """Keeps everything in dictionaries, as long as it lives."""

    _rows: dict[DeliveryId, Row] = field(default_factory=dict)
    _addresses: dict[SubscriberId, str] = field(default_factory=dict)
    _suppressed: dict[SubscriberId, str] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def enrol(self, addresses: Iterable[str], *, now: datetime) -> Mapping[str, SubscriberId]:  # noqa: ARG002 - not kept
        ids = {address.lower(): subscriber for subscriber, address in self._addresses.items()}
        enrolled = {}
        for address in addresses:
            local, at, domain = address.rpartition("@")
            enrolled[address] = ids.setdefault(address.lower(), SubscriberId(len(ids) + 1))
            self._addresses[enrolled[address]] = f"{local}{at}{domain.lower()}"
        return enrolled

    def address(self, subscriber: SubscriberId) -> str:
        self._require(subscriber)
        return self._addresses[subscriber]

    def suppressed(self) -> Mapping[SubscriberId, str]:
        return dict(self._suppressed)

    def suppress(self, subscriber: SubscriberId, reason: str, *, now: datetime) -> None:  # noqa: ARG002 - not kept
        self._require(subscriber)
        self._suppressed.setdefault(subscriber, reason)

    def past(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        return {each: self._past(each, day) for each in subscribers}

    def planned(self, day: date) -> frozenset[SubscriberId]:
        return frozenset(row.subscriber for row in self._rows.values() if row.record.day == day)

    def expire(self, subscribers: Collection[SubscriberId], day: date, *, now: datetime) -> int:
        late = [
            row
            for row in self._in(Status.PLANNED, Status.DEFERRED)
            if row.subscriber in subscribers and row.record.day < day
        ]
        for row in late:
            _change(row, now, status=Status.FAILED, reason="not delivered in time", next_at=None)
        return len(late)

    def give_up(self, planned_before: datetime, *, now: datetime) -> int:
        old = [row for row in self._rows.values() if row.record.planned_at < planned_before]
        waiting = [row for row in old if row.record.status in (Status.PLANNED, Status.DEFERRED)]
        for row in waiting:
            _change(row, now, status=Status.FAILED, reason="not delivered in time", next_at=None)
        for row in old:
            if row.record.status is Status.UNKNOWN and row.unknowns == 1:
                row.unknowns = 2
        return len(waiting)

    def plan(self, plans: Sequence[Plan], *, now: datetime) -> int:
        with self._lock:
            rows = dict(self._rows)
            for plan in plans:
                self._require(plan.subscriber)
                known = list(rows.values())
                if any((plan.subscriber, plan.day) == (row.subscriber, row.record.day) for row in known):
                    continue
                if plan.message_id and plan.message_id in {row.record.message_id for row in known}:
                    raise StoreError(f"{plan.message_id}: this Message-ID is taken")
                if (plan.message is not None) != (plan.status in TO_BE_SENT):
                    raise StoreError(f"a plan that is {plan.status} has a message, or has none")
                new = DeliveryId(max(rows, default=0) + 1)
                rows[new] = Row(_record(new, plan, now), plan.subscriber, plan.message or b"")
            entered = len(rows) - len(self._rows)
            self._rows = rows
            return entered

    def reopen(self, subscribers: Collection[SubscriberId], day: date, reasons: Collection[str]) -> int:
        quiet = [row.record for row in self._in(Status.QUIET) if row.subscriber in subscribers]
        taken = [record.id for record in quiet if record.day == day and record.reason in reasons]
        for delivery in taken:
            del self._rows[delivery]
        return len(taken)

    def withdraw(
        self, remaining: Collection[SubscriberId], *, now: datetime, before: date | None = None
    ) -> int:
        def is_withdrawn(row: Row) -> bool:
            return row.subscriber not in remaining and (before is None or row.record.day < before)

        gone = [row for row in self._in(Status.PLANNED, Status.DEFERRED) if is_withdrawn(row)]
        for row in gone:
            _change(
                row, now, status=Status.SUPPRESSED, reason="paused, or no longer subscribed", next_at=None
            )
        held = [row for row in self._in(Status.UNKNOWN) if is_withdrawn(row) and row.unknowns == 1]
        for row in held:
            row.unknowns = 2
        return len(gone) + len(held)

    def recover(self, *, now: datetime) -> int:
        left = self._in(Status.SENDING)
        for row in left:
            _end(row, now, status=Status.UNKNOWN if row.marked else Status.PLANNED, reason="")
        return len(left)

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
        with self._lock:
            for row in self._waiting(on_unknown, now, retry_before, unknown_before):
                if day not in (None, row.record.day) or (of is not None and row.subscriber not in of):
                    continue
                if row.subscriber in self._suppressed:
                    why = self._suppressed[row.subscriber]
                    _change(row, now, status=Status.SUPPRESSED, reason=why, next_at=None)
                    continue
                row.marked = False
                attempts = row.record.attempts + 1
                _change(row, now, status=Status.SENDING, attempts=attempts, next_at=None)
                recipient = self._addresses[row.subscriber]
                return Claim(id=row.record.id, recipient=recipient, message=row.message, attempts=attempts)
            return None

    def begin_data(self, delivery: DeliveryId, *, now: datetime) -> None:
        row = self._sending(delivery)
        row.marked = True
        _change(row, now)

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
        ends = status in {Status.SENT, Status.FAILED, *TO_BE_SENT} - {Status.SENDING}
        if not ends or (status is Status.DEFERRED) != (next_at is not None):
            raise ValueError(f"an attempt does not end as {status} with {next_at=}")
        _end(self._sending(delivery), now, status=status, reason=reason, reply=reply, next_at=next_at)

    def resolve(self, delivery: DeliveryId, status: Status, reason: str, *, now: datetime) -> bool:
        if status not in {Status.SENT, Status.FAILED, Status.PLANNED}:
            raise ValueError(f"an unknown delivery is not resolved as {status}")
        row = self._rows.get(delivery)
        if row is None or row.record.status is not Status.UNKNOWN:
            return False
        _end(row, now, status=status, reason=reason)
        return True

    def rows(
        self, *, day: date | None = None, address: str | None = None, status: Status | None = None
    ) -> tuple[DeliveryRecord, ...]:
        found = [
            replace(row.record, subscriber=self._addresses[row.subscriber])
            for row in self._rows.values()
            if day in (None, row.record.day)
            and (address is None or address.lower() == self._addresses[row.subscriber].lower())
            and status in (None, row.record.status)
        ]
        return tuple(sorted(found, key=lambda each: (-each.day.toordinal(), each.subscriber.lower())))

    def tally(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[Status, int]:
        theirs = (row for row in self._rows.values() if row.subscriber in subscribers)
        return Counter(row.record.status for row in theirs if row.record.day == day)

    def secret(self) -> bytes:
        return bytes(range(32))

    def _require(self, subscriber: SubscriberId) -> None:
        if subscriber not in self._addresses:
            raise StoreError(f"{subscriber}: no such subscriber")

    def _in(self, *statuses: Status) -> list[Row]:
        return [row for row in self._rows.values() if row.record.status in statuses]

    def _sending(self, delivery: DeliveryId) -> Row:
        row = self._rows.get(delivery)
        if row is None or row.record.status is not Status.SENDING:
            raise StoreError(f"delivery {delivery}: is not being sent")
        return row

    def _past(self, subscriber: SubscriberId, day: date) -> Past:
        theirs = [row.record for row in self._rows.values() if row.subscriber == subscriber]
        had = [record for record in theirs if record.day != day and record.status not in GIVEN_UP]
        shown = [pick for record in had for pick in (*record.picks, *record.lines)]
        before = [record for record in theirs if record.day < day]
        looked = sorted((record.day, record.planned_at) for record in before if _looked(record))
        return Past(
            first_day=min((record.day for record in before), default=None),
            last_day=looked[-1][0] if looked else None,
            planned_at=looked[-1][1] if looked else None,
            had=frozenset(pick.paper for pick in shown),
            versions={
                pick.paper: version
                for pick in sorted(shown, key=lambda pick: pick.version or 0)
                if (version := pick.version) is not None
            },
        )

    def _waiting(
        self,
        on_unknown: OnUnknown,
        now: datetime,
        retry_before: datetime | None,
        unknown_before: datetime | None,
    ) -> Iterator[Row]:
        yield from self._in(Status.PLANNED)
        for row in sorted(self._in(Status.DEFERRED), key=lambda row: str(row.record.next_at)):
            due = row.record.next_at is not None and row.record.next_at <= now
            if due or (retry_before is not None and row.record.updated_at < retry_before):
                yield row
        if on_unknown is OnUnknown.RESEND:
            for row in self._in(Status.UNKNOWN):
                earlier = unknown_before is None or row.record.updated_at < unknown_before
                if row.unknowns == 1 and earlier:
                    yield row


def _change(row: Row, now: datetime, **values: Any) -> None:  # noqa: ANN401 - what `replace` takes
    row.record = replace(row.record, updated_at=now, **values)


def _end(row: Row, now: datetime, *, status: Status, **values: Any) -> None:  # noqa: ANN401 - as above
    row.unknowns += status is Status.UNKNOWN
    _change(row, now, status=status, **values)


def _looked(record: DeliveryRecord) -> bool:
    return record.status not in (Status.FAILED, Status.SUPPRESSED) and record.considered > 0


def _record(delivery: DeliveryId, plan: Plan, now: datetime) -> DeliveryRecord:
    return DeliveryRecord(
        id=delivery,
        day=plan.day,
        subscriber="",
        status=plan.status,
        reason=plan.reason,
        picks=tuple(map(_pick_record, plan.digest.picks)),
        lines=tuple(map(_pick_record, plan.digest.titles)),
        batches=tuple(
            {"source": each.source, "day": str(each.day), "state": each.state.value, "papers": each.papers}
            for each in plan.digest.batches
        ),
        considered=plan.digest.considered,
        rejected=dict(plan.digest.rejected),
        message_id=plan.message_id,
        attempts=0,
        reply="",
        planned_at=now,
        updated_at=now,
        next_at=None,
        remark=plan.digest.remark,
    )


def _pick_record(pick: Pick) -> PickRecord:
    return PickRecord(
        paper=pick.paper.id,
        section=pick.section.value,
        relevance=pick.relevance,
        announced=pick.announced,
        matched=tuple(each.entry() for each in pick.matched),
        reasons=pick.reasons,
        version=pick.version,
        hindrance=pick.hindrance,
    )
