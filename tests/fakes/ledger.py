"""A ledger in memory."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tests.fakes.dispatch import MemoryDispatch, Row, change, end

from paperround.digests import Pick
from paperround.papers import PaperId
from paperround.ports import (
    LONGEST_TALE,
    RESTS,
    Cause,
    DeliveryId,
    DeliveryRecord,
    Gap,
    OnUnknown,
    Past,
    PickRecord,
    Plan,
    RoundId,
    Status,
    StoreError,
    SubscriberId,
    Suppression,
)
from paperround.subscribers import LONGEST_GAP, WEEK

GIVEN_UP = {Status.FAILED, Status.SUPPRESSED, Status.QUIET}
TO_BE_SENT = {Status.PLANNED, Status.SENDING, Status.DEFERRED, Status.UNKNOWN}


@dataclass
class MemoryLedger(MemoryDispatch):
    """Keeps everything in dictionaries, as long as it lives."""

    _rounds: dict[RoundId, Gap] = field(default_factory=dict)

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

    def addresses(self, subscribers: Collection[SubscriberId]) -> Mapping[SubscriberId, str]:
        return {each: self._addresses[each] for each in subscribers if each in self._addresses}

    def suppressions(self) -> Mapping[SubscriberId, Suppression]:
        return dict(self._suppressed)

    def suppress(
        self, subscriber: SubscriberId, reason: str, *, cause: Cause = Cause.UNSUBSCRIBED, now: datetime
    ) -> None:
        self._require(subscriber)
        known = self._suppressed.get(subscriber)
        if known is None or (known.cause is Cause.BOUNCED and cause is not Cause.BOUNCED):
            self._suppressed[subscriber] = Suppression(cause=cause, reason=reason, since=now)

    def readmit(self, subscriber: SubscriberId) -> bool:
        return self._suppressed.pop(subscriber, None) is not None

    def forget(self, subscriber: SubscriberId, *, now: datetime) -> None:
        """Let nothing more be sent to a subscriber, and forget their address where nothing needs it."""
        for row in self._in(Status.PLANNED, Status.DEFERRED, Status.UNKNOWN):
            if row.subscriber == subscriber:
                change(row, now, status=Status.SUPPRESSED, reason="forgotten at their request", next_at=None)
        if subscriber not in self._suppressed:
            self._addresses[subscriber] = f"forgotten-{subscriber}@forgotten.invalid"

    def past(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        return {each: self._past(each, day) for each in subscribers}

    def looks(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        pasts = self.past(subscribers, day)
        return {
            each: replace(past, had=frozenset(), versions={}, rested=frozenset())
            for each, past in pasts.items()
        }

    def planned(self, day: date) -> frozenset[SubscriberId]:
        return frozenset(row.subscriber for row in self._rows.values() if row.record.day == day)

    def quiet(self, day: date, reasons: Collection[str]) -> frozenset[SubscriberId]:
        of_the_day = (row for row in self._rows.values() if row.record.day == day)
        return frozenset(
            row.subscriber
            for row in of_the_day
            if row.record.status is Status.QUIET and row.record.reason in reasons
        )

    def latest_days(self, subscribers: Collection[SubscriberId], before: date) -> Mapping[SubscriberId, date]:
        latest: dict[SubscriberId, date] = {}
        for row in self._rows.values():
            day = row.record.day
            if row.subscriber in subscribers and day < before:
                latest[row.subscriber] = max(day, latest.get(row.subscriber, day))
        return latest

    def begin_round(self, day: date, subscribers: Collection[SubscriberId], *, now: datetime) -> RoundId:
        noted = RoundId(max(self._rounds, default=0) + 1)
        missing = tuple(map(self.address, subscribers))
        self._rounds[noted] = Gap(day=day, begun_at=now, ended=False, missing=missing)
        return noted

    def end_round(self, round_id: RoundId, *, now: datetime) -> frozenset[SubscriberId]:  # noqa: ARG002 - not kept
        gap = replace(self._rounds.pop(round_id), ended=True)
        if left := self._missing(gap):
            self._rounds[round_id] = replace(gap, missing=left)
        return frozenset(each for each, address in self._addresses.items() if address in left)

    def gaps(self) -> tuple[Gap, ...]:
        noted = (replace(gap, missing=self._missing(gap)) for gap in self._rounds.values())
        newest_first = sorted(noted, key=lambda gap: (gap.day, gap.begun_at), reverse=True)
        return tuple(gap for gap in newest_first if gap.missing)

    def _missing(self, gap: Gap) -> tuple[str, ...]:
        planned = {self._addresses[each] for each in self.planned(gap.day)}
        return tuple(address for address in gap.missing if address not in planned)

    def expire(self, subscribers: Collection[SubscriberId], day: date, *, now: datetime) -> int:
        late = [
            row
            for row in self._in(Status.PLANNED, Status.DEFERRED)
            if row.subscriber in subscribers and row.record.day < day
        ]
        for row in late:
            change(row, now, status=Status.FAILED, reason="not delivered in time", next_at=None)
        return len(late)

    def give_up(self, planned_before: datetime, *, now: datetime) -> int:
        old = [row for row in self._rows.values() if row.record.planned_at < planned_before]
        waiting = [row for row in old if row.record.status in (Status.PLANNED, Status.DEFERRED)]
        for row in waiting:
            change(row, now, status=Status.FAILED, reason="not delivered in time", next_at=None)
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
            change(row, now, status=Status.SUPPRESSED, reason="paused, or no longer subscribed", next_at=None)
        held = [row for row in self._in(Status.UNKNOWN) if is_withdrawn(row) and row.unknowns == 1]
        for row in held:
            row.unknowns = 2
        return len(gone) + len(held)

    def resolve(self, delivery: DeliveryId, status: Status, reason: str, *, now: datetime) -> bool:
        if status not in {Status.SENT, Status.FAILED, Status.PLANNED}:
            raise ValueError(f"an unknown delivery is not resolved as {status}")
        row = self._rows.get(delivery)
        if row is None or row.record.status is not Status.UNKNOWN:
            return False
        end(row, now, status=status, reason=reason)
        return True

    def rows(
        self,
        *,
        day: date | None = None,
        since: date | None = None,
        address: str | None = None,
        status: Status | None = None,
    ) -> tuple[DeliveryRecord, ...]:
        found = [
            replace(row.record, subscriber=self._addresses[row.subscriber])
            for row in self._rows.values()
            if day in (None, row.record.day)
            and (since is None or row.record.day >= since)
            and (address is None or address.lower() == self._addresses[row.subscriber].lower())
            and status in (None, row.record.status)
        ]
        return tuple(sorted(found, key=lambda each: (-each.day.toordinal(), each.subscriber.lower())))

    def tally(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[Status, int]:
        theirs = (row for row in self._rows.values() if row.subscriber in subscribers)
        return Counter(row.record.status for row in theirs if row.record.day == day)

    def outcomes(self, since: datetime) -> Mapping[Status, int]:
        first = (since - LONGEST_TALE).date()
        records = (row.record for row in self._rows.values())
        return Counter(each.status for each in records if each.updated_at >= since and each.day >= first)

    def held(self, on_unknown: OnUnknown) -> int:
        again = 1 if on_unknown is OnUnknown.RESEND else 0
        unknown = (row for row in self._rows.values() if row.record.status is Status.UNKNOWN)
        return sum(row.unknowns > again for row in unknown)

    def tallies(self, since: date) -> Mapping[date, Mapping[Status, int]]:
        days = {row.record.day for row in self._rows.values() if row.record.day >= since}
        return {day: self.tally(self._addresses, day) for day in days}

    def secret(self) -> bytes:
        return bytes(range(32))

    def _require(self, subscriber: SubscriberId) -> None:
        if subscriber not in self._addresses:
            raise StoreError(f"{subscriber}: no such subscriber")

    def _past(self, subscriber: SubscriberId, day: date) -> Past:
        theirs = [row.record for row in self._rows.values() if row.subscriber == subscriber]
        had = [record for record in theirs if record.day != day and record.status not in GIVEN_UP]
        shown = [pick for record in had for pick in (*record.picks, *record.lines)]
        before = [record for record in theirs if record.day < day]
        looked = sorted((record.day, record.planned_at) for record in before if _looked(record))
        failed = [
            each
            for each in before
            if each.status is Status.FAILED and (not looked or each.updated_at > looked[-1][1])
        ]
        return Past(
            first_day=min((record.day for record in before), default=None),
            last_day=looked[-1][0] if looked else None,
            planned_at=looked[-1][1] if looked else None,
            had=frozenset(pick.paper for pick in shown),
            missed=_once(pick.paper for each in failed for pick in (*each.picks, *each.lines))
            - {pick.paper for pick in shown},
            rested=frozenset(
                each.day
                for each in before
                if looked
                and day - looked[-1][0] > WEEK
                and each.status is Status.QUIET
                and each.reason.startswith(RESTS)
                and each.day >= day - LONGEST_GAP
            ),
            versions={
                pick.paper: version
                for pick in sorted(shown, key=lambda pick: pick.version or 0)
                if (version := pick.version) is not None
            },
        )


def _once(papers: Iterable[PaperId]) -> frozenset[PaperId]:
    return frozenset(paper for paper, times in Counter(papers).items() if times == 1)


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
