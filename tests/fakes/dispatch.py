"""Letters that wait, in memory."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from paperround.ports import (
    Claim,
    DeliveryId,
    DeliveryRecord,
    OnUnknown,
    Outcome,
    Status,
    SubscriberId,
    Suppression,
    WorkerId,
)
from paperround.rates import Later, Rate, RelayState, is_paused, later, pause_after, pause_of


@dataclass
class Row:
    """A delivery: what is shown of it, and what is not."""

    record: DeliveryRecord
    subscriber: SubscriberId
    message: bytes
    marked: bool = False
    unknowns: int = 0
    worker: WorkerId | None = None


@dataclass
class MemoryDispatch:
    """Keeps everything in dictionaries, as long as it lives."""

    _rows: dict[DeliveryId, Row] = field(default_factory=dict)
    _addresses: dict[SubscriberId, str] = field(default_factory=dict)
    _suppressed: dict[SubscriberId, Suppression] = field(default_factory=dict)
    _workers: dict[WorkerId, datetime] = field(default_factory=dict)
    _relays: dict[str, RelayState] = field(default_factory=dict)
    _handed_over: dict[str, Counter[datetime]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def claim(
        self,
        *,
        worker: WorkerId,
        rate: Rate,
        on_unknown: OnUnknown,
        now: datetime,
        retry_before: datetime | None = None,
        unknown_before: datetime | None = None,
        of: Collection[SubscriberId] | None = None,
        limit: int = 1,
    ) -> Sequence[Claim] | Later:
        with self._lock:
            claims: list[Claim] = []
            for row in self._waiting(on_unknown, now, retry_before, unknown_before):
                if len(claims) == limit:
                    break
                if of is not None and row.subscriber not in of:
                    continue
                if (wait := self.waits(rate, now)) is not None:
                    return claims or wait
                if row.subscriber in self._suppressed:
                    why = self._suppressed[row.subscriber].reason
                    change(row, now, status=Status.SUPPRESSED, reason=why, next_at=None)
                    continue
                self.count(rate, now)
                claims.append(self._taken(row, worker, now))
            return claims

    def waits(self, rate: Rate, now: datetime) -> Later | None:
        begun = self._handed_over.setdefault(rate.relay, Counter())
        return later(rate, self._state(rate.relay), begun, now=now)

    def count(self, rate: Rate, now: datetime) -> None:
        self._handed_over[rate.relay][now.replace(second=0, microsecond=0)] += bool(rate.limits)
        if rate.interval is not None:
            self._relays[rate.relay] = replace(self._state(rate.relay), next_turn=now + rate.interval)

    def begin_data(self, claims: Sequence[Claim], *, now: datetime) -> Sequence[Claim]:
        for row in filter(None, map(self._claimed, claims)):
            row.marked = True
            change(row, now)
        return [claim for claim in claims if self._claimed(claim) is None]

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Claim]:
        lost = [each.claim for each in outcomes if self._claimed(each.claim) is None]
        for each in outcomes:
            if (row := self._claimed(each.claim)) is not None:
                words = {"reason": each.reason, "reply": each.reply, "next_at": each.next_at}
                end(row, each.at, status=each.status, **words)
        return lost

    def workers(self) -> Mapping[WorkerId, datetime]:
        return dict(self._workers)

    def beat(self, worker: WorkerId, *, now: datetime) -> bool:
        if worker in self._workers:
            self._workers[worker] = now
        return worker in self._workers

    def recover(self, workers: Collection[WorkerId], *, now: datetime) -> int:
        with self._lock:
            left = [row for row in self._in(Status.SENDING) if row.worker in workers]
            for row in left:
                status = Status.UNKNOWN if row.marked else Status.PLANNED
                end(row, now, status=status, reason="")
            for worker in workers:
                self._workers.pop(worker, None)
            return len(left)

    def in_hand(self, of: Collection[SubscriberId] | None = None) -> int:
        return sum(of is None or row.subscriber in of for row in self._in(Status.SENDING))

    def pause(self, relay: str, reason: str, *, now: datetime, length: timedelta | None = None) -> datetime:
        state = self._state(relay)
        if state.paused_until is not None and is_paused(state, now=now):
            return state.paused_until
        until = now + (pause_after(state.pauses) if length is None else length)
        self._relays[relay] = replace(state, paused_until=until, reason=reason, pauses=state.pauses + 1)
        return until

    def pauses(self, relay: str) -> int:
        return self._state(relay).pauses

    def paused(self, relay: str, *, now: datetime) -> Later | None:
        return pause_of(self._state(relay), now=now)

    def resume(self, relay: str, *, begun: datetime | None = None) -> bool:
        until = self._state(relay).paused_until
        if begun is not None and until is not None and begun < until:
            return False
        self._relays[relay] = replace(self._state(relay), paused_until=None, reason="", pauses=0)
        return True

    def _taken(self, row: Row, worker: WorkerId, now: datetime) -> Claim:
        row.marked, row.worker = False, worker
        self._workers.setdefault(worker, now)
        attempts = row.record.attempts + 1
        change(row, now, status=Status.SENDING, attempts=attempts, next_at=None)
        recipient = self._addresses[row.subscriber]
        return Claim(id=row.record.id, recipient=recipient, message=row.message, attempts=attempts)

    def _state(self, relay: str) -> RelayState:
        return self._relays.get(relay, RelayState())

    def _in(self, *statuses: Status) -> list[Row]:
        return [row for row in self._rows.values() if row.record.status in statuses]

    def _claimed(self, claim: Claim) -> Row | None:
        row = self._rows.get(claim.id)
        sending = row is not None and row.record.status is Status.SENDING
        return row if row is not None and sending and row.record.attempts == claim.attempts else None

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


def change(row: Row, now: datetime, **values: Any) -> None:  # noqa: ANN401 - what `replace` takes
    row.record = replace(row.record, updated_at=now, **values)


def end(row: Row, now: datetime, *, status: Status, **values: Any) -> None:  # noqa: ANN401 - as above
    row.unknowns += status is Status.UNKNOWN
    row.worker = None
    change(row, now, status=status, **values)
