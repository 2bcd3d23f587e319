from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import MONDAY, NOW, SUNDAY, TUESDAY, letter, pick, settle, silence
from tests.fakes.stores import close_gaps, empty

from paperround.ports import (
    Claim,
    DeliveryId,
    DeliveryRecord,
    Ledger,
    OnUnknown,
    Plan,
    Status,
    StoreError,
    WorkerId,
)
from paperround.rates import Rate
from paperround.store import Store
from paperround.store.ledger import SqlLedger
from paperround.store.postgresql import PostgresqlDatabase

READERS = [f"reader{number}@example.org" for number in range(2)]
DAYS = [SUNDAY, MONDAY, TUESDAY]

RELAY = "smtp.example.org:587"
RATES = [Rate(relay=RELAY), Rate(relay=RELAY, per_second=0.01, per_hour=3, per_day=9)]

readers = st.sampled_from(READERS)
workers = st.sampled_from([WorkerId("w1"), WorkerId("w2")])
days = st.sampled_from(DAYS)
some_readers = st.lists(readers, unique=True)
deliveries = st.integers(1, len(READERS) * len(DAYS)).map(DeliveryId)
ends = st.sampled_from([Status.SENT, Status.DEFERRED, Status.FAILED, Status.UNKNOWN, Status.PLANNED])


class Round(RuleBasedStateMachine):
    """Do the same to two ledgers, in any order, and compare all that can be seen of them."""

    def __init__(self, kept: Ledger) -> None:
        super().__init__()
        self.kept, self.fake = kept, MemoryLedger()
        self.now = NOW
        self.entered: set[tuple[str, date]] = set()
        self.ids = self.kept.enrol(READERS, now=NOW)
        assert self.fake.enrol(READERS, now=NOW) == self.ids

    def both(self, call: Callable[[Ledger], object]) -> None:
        assert _answer(call, self.kept) == _answer(call, self.fake)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @initialize()
    def plan_a_round(self) -> None:
        self.plan(READERS, MONDAY, quiet=False)

    @rule(who=some_readers, day=days, quiet=st.booleans())
    def plan(self, who: list[str], day: date, *, quiet: bool) -> None:
        make = silence if quiet else letter
        plans = [make(self.ids[each], day) for each in who]
        if not quiet:
            chosen = (pick(f"{day}"),)
            plans = [replace(plan, digest=replace(plan.digest, picks=chosen)) for plan in plans]
        self.both(lambda ledger: ledger.plan(plans, now=self.now))
        self.entered |= {(each, day) for each in who}

    @rule(
        who=st.none() | some_readers,
        worker=workers,
        rate=st.sampled_from(RATES),
        on_unknown=st.sampled_from(OnUnknown),
        again=st.booleans(),
        limit=st.integers(1, 3),
    )
    def claim(
        self,
        who: list[str] | None,
        worker: WorkerId,
        rate: Rate,
        on_unknown: OnUnknown,
        *,
        again: bool,
        limit: int,
    ) -> None:
        before = self.now if again else None
        of = None if who is None else [self.ids[each] for each in who]
        self.both(
            lambda ledger: ledger.claim(
                worker=worker,
                rate=rate,
                on_unknown=on_unknown,
                now=self.now,
                retry_before=before,
                of=of,
                limit=limit,
            )
        )

    @rule(long=st.booleans())
    def pause(self, *, long: bool) -> None:
        length = timedelta(hours=1) if long else None
        self.both(lambda ledger: ledger.pause(RELAY, "421 slowly", now=self.now, length=length))

    @rule()
    def resume(self) -> None:
        self.both(lambda ledger: ledger.resume(RELAY))

    @rule(worker=workers)
    def beat(self, worker: WorkerId) -> None:
        self.both(lambda ledger: ledger.beat(worker, now=self.now))

    @rule(delivery=deliveries, marked=st.booleans(), late=st.booleans(), status=ends)
    def end_an_attempt(self, delivery: DeliveryId, status: Status, *, marked: bool, late: bool) -> None:
        under_way = [row.id for row in self.kept.rows(status=Status.SENDING)]
        delivery = under_way[delivery % len(under_way)] if under_way else delivery
        due = self.now + timedelta(hours=1) if status is Status.DEFERRED else None
        claim = self.claim_of(delivery, late=late)
        if marked:
            self.both(lambda ledger: ledger.begin_data([claim], now=self.now))
        self.both(lambda ledger: settle(ledger, claim, status, reply="words", next_at=due, now=self.now))

    @rule(who=st.lists(workers, unique=True), marked=st.booleans())
    def die_in_an_attempt(self, who: list[WorkerId], *, marked: bool) -> None:
        under_way = [row.id for row in self.kept.rows(status=Status.SENDING)]
        claims = [self.claim_of(delivery) for delivery in under_way if marked]
        self.both(lambda ledger: ledger.begin_data(claims, now=self.now))
        self.both(lambda ledger: ledger.recover(who, now=self.now))

    def claim_of(self, delivery: DeliveryId, *, late: bool = False) -> Claim:
        """Return the latest claim of a delivery, or one that another has followed."""
        attempts = [row.attempts for row in self.kept.rows() if row.id == delivery] or [0]
        return Claim(id=delivery, recipient="", message=b"", attempts=attempts[0] - late)

    @rule(delivery=deliveries, status=st.sampled_from([Status.SENT, Status.FAILED, Status.PLANNED]))
    def resolve(self, delivery: DeliveryId, status: Status) -> None:
        self.both(lambda ledger: ledger.resolve(delivery, status, "by hand", now=self.now))

    @rule(who=some_readers, day=days)
    def expire(self, who: list[str], day: date) -> None:
        late = [self.ids[each] for each in who]
        self.both(lambda ledger: ledger.expire(late, day, now=self.now))

    @rule(reader=readers)
    def suppress(self, reader: str) -> None:
        self.both(lambda ledger: ledger.suppress(self.ids[reader], "unsubscribed", now=self.now))

    @invariant()
    def every_delivery_is_there_once(self) -> None:
        rows = self.kept.rows()
        assert sorted((row.subscriber, row.day) for row in rows) == sorted(self.entered)
        assert self.kept.tally(self.ids.values(), TUESDAY) == Counter(
            row.status for row in rows if row.day == TUESDAY
        )

    @invariant()
    def both_say_the_same(self) -> None:
        self.both(lambda ledger: [_seen(row) for row in ledger.rows()])
        self.both(lambda ledger: ledger.past(list(self.ids.values()), MONDAY))
        self.both(lambda ledger: (ledger.suppressions(), ledger.workers(), ledger.in_hand()))
        self.both(lambda ledger: ledger.pauses(RELAY))


def test_whatever_happens_each_delivery_is_in_one_state_and_none_is_lost(real_store: Store) -> None:
    class FreshRound(Round):
        def __init__(self) -> None:
            empty(real_store)
            super().__init__(Gapless(real_store))

    run_state_machine_as_test(
        FreshRound, settings=settings(max_examples=25, stateful_step_count=40, deadline=None)
    )


class Gapless(SqlLedger):
    """A ledger whose deliveries are numbered without gaps, as in memory, on a server too."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.database)
        self._store = store

    def plan(self, plans: Sequence[Plan], *, now: datetime) -> int:
        if not isinstance(self._store.database, PostgresqlDatabase):
            return super().plan(plans, now=now)
        entered = 0
        for each in plans:  # each that is there already would use up a number
            entered += super().plan([each], now=now)
            close_gaps(self._store)
        return entered


def _answer(call: Callable[[Ledger], object], ledger: Ledger) -> object:
    try:
        return call(ledger)
    except StoreError:
        return StoreError


def _seen(row: DeliveryRecord) -> DeliveryRecord:
    return replace(row, reason="")  # the words may differ
