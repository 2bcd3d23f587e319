"""What came back, in memory."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tests.fakes.ledger import MemoryLedger

from paperround.bouncing import NOT_ENTERED, Case, consequence, foreign
from paperround.ports import Bounce, Cause, Consequence, Effect, Finding, Leaving, Status, SubscriberId


@dataclass
class MemoryReturns:
    """Keeps what came back to the subscribers of a ledger in dictionaries, as long as it lives."""

    _ledger: MemoryLedger
    _entered: dict[bytes, Consequence] = field(default_factory=dict)
    _soft_days: dict[SubscriberId, set[date]] = field(default_factory=dict)
    _unwelcome: list[tuple[datetime, SubscriberId]] = field(default_factory=list)

    def enter(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        case, result = self._judged(finding, digest, now)
        if case is None or result.effect in NOT_ENTERED:
            return result
        self._entered[digest] = result
        if result.effect is Effect.OURS:
            self._unwelcome.append((now, case.subscriber))
        if result.effect is Effect.COUNTED and case.day is not None:
            self._soft_days.setdefault(case.subscriber, set()).add(case.day)
        if isinstance(finding, Bounce) and result.fails:
            row = self._ledger._rows[finding.delivery]
            row.record = replace(
                row.record, status=Status.FAILED, reason="came back", reply=finding.words, updated_at=now
            )
        if result.cause is not None:
            self._soft_days.pop(case.subscriber, None)
            self._ledger.suppress(case.subscriber, result.reason, cause=result.cause, now=now)
        return result

    def foresee(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        return self._judged(finding, digest, now)[1]

    def ended(self, since: datetime) -> int:
        known = self._ledger.suppressions().values()
        return sum(each.cause is Cause.BOUNCED and each.since >= since for each in known)

    def unwelcome(self, since: datetime) -> int:
        return len({subscriber for at, subscriber in self._unwelcome if at >= since})

    def _judged(self, finding: Finding, digest: bytes, now: datetime) -> tuple[Case | None, Consequence]:
        case = self._case(finding)
        if case is None:
            return None, foreign("nothing in this store was sent with this token")
        if digest in self._entered:
            earlier = self._entered[digest].reason
            return case, Consequence(effect=Effect.REPEATED, reason=earlier, subscriber=case.address)
        return case, consequence(finding, case, today=now.date())

    def _case(self, finding: Finding) -> Case | None:
        delivery = None if isinstance(finding, Leaving) else finding.delivery
        subscriber = None if isinstance(finding, Bounce) else finding.subscriber
        row = self._ledger._rows.get(delivery) if delivery is not None else None
        subscriber = row.subscriber if row is not None else subscriber if delivery is None else None
        if subscriber is None or subscriber not in self._ledger._addresses:
            return None
        return Case(
            subscriber=subscriber,
            address=self._ledger.address(subscriber),
            day=row.record.day if row else None,
            status=row.record.status if row else None,
            message_id=row.record.message_id if row else None,
            soft_days=frozenset(self._soft_days.get(subscriber, ())),
            suppressed=subscriber in self._ledger.suppressions(),
        )
