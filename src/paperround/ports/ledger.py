"""Where deliveries are kept, planned and taken."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from paperround.ports.deliveries import (
    Cause,
    Claim,
    DeliveryRecord,
    Gap,
    OnUnknown,
    Outcome,
    Past,
    Plan,
    Status,
    Suppression,
)
from paperround.ports.identity import DeliveryId, RoundId, SubscriberId, WorkerId
from paperround.rates import Later, Rate


class Dispatch(Protocol):
    """The letters that wait, as those who deliver take them. A call that returns has been committed to disk.

    Several workers may deliver at the same time. Each names itself when it takes something, says from
    time to time that it is alive, and is given up with what it has in hand when it does not.
    """

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
        """Mark up to `limit` deliveries as `sending` and return them; or until when to wait.

        There are none where none is left. Candidates are planned rows, deferred ones that are due or were
        last tried before `retry_before`, and under RESEND those that became unknown for the first time, and
        did so before `unknown_before` where that is given. Whoever is suppressed by now becomes `suppressed`
        instead, in the same transaction. `of` None means everybody, else a few. A letter whose bytes
        are damaged becomes failed. What is taken counts towards the limits of the rate, which may leave
        room for fewer.
        """

    def begin_data(self, claims: Sequence[Claim], *, now: datetime) -> Sequence[Claim]:
        """Mark that these messages may from now on be accepted without our learning of it.

        Return those that were taken from us meanwhile, which stay as they are.
        """

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Claim]:
        """Record how these attempts ended.

        Return those that were taken from us meanwhile, which stay as they are.
        """

    def workers(self) -> Mapping[WorkerId, datetime]:
        """Return who has something in hand, or had lately, and when each last said that they are alive."""

    def beat(self, worker: WorkerId, *, now: datetime) -> bool:
        """Say that the worker is alive. Return False where it has nothing in hand, or was given up."""

    def recover(self, workers: Collection[WorkerId], *, now: datetime) -> int:
        """Give up these workers, and take back what they left as `sending`; return how many that were.

        Before the mark of `begin_data` it becomes planned again, after it unknown.
        """

    def in_hand(self, of: Collection[SubscriberId] | None = None) -> int:
        """Return how many deliveries are `sending` now, of everybody or of a few."""

    def pause(self, relay: str, reason: str, *, now: datetime, length: timedelta | None = None) -> datetime:
        """Let nothing be claimed for this relay for a while, and return until when.

        Each pause is longer than the one before, until `resume`, unless a length is given. One that
        lasts already stays as it is.
        """

    def pauses(self, relay: str) -> int:
        """Return how many pauses there were since the latest `resume`."""

    def paused(self, relay: str, *, now: datetime) -> Later | None:
        """Return until when a pause of this relay lasts, and why, if one does."""

    def resume(self, relay: str, *, begun: datetime | None = None) -> bool:
        """End the pause, and forget those before it: the relay accepts mail again. Return whether it is so.

        A letter that was `begun` before the end of a pause says nothing of it, and changes nothing.
        """


class Ledger(Dispatch, Protocol):
    """What was, is and will be sent to whom. A call that returns has been committed to disk."""

    def enrol(self, addresses: Iterable[str], *, now: datetime) -> Mapping[str, SubscriberId]:
        """Return the stable id of each address, making those that are new. Case does not matter."""

    def addresses(self, subscribers: Collection[SubscriberId]) -> Mapping[SubscriberId, str]:
        """Return the addresses of these subscribers, as they were last written."""

    def suppressions(self) -> Mapping[SubscriberId, Suppression]:
        """Return who must not get mail, and why."""

    def suppress(
        self, subscriber: SubscriberId, reason: str, *, cause: Cause = Cause.UNSUBSCRIBED, now: datetime
    ) -> None:
        """Send this subscriber nothing any more. Doing it again changes nothing.

        Only a wish of theirs takes the place of mail that came back.
        """

    def readmit(self, subscriber: SubscriberId) -> bool:
        """Send this subscriber mail again; return False if they were not suppressed."""

    def past(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        """Return for each of them what they had before that day, and not what that day itself brought.

        For `last_day` the rows count that came out of a look at papers: all but failed and suppressed
        ones, and those for which no paper was considered. `had` is of every day, whatever the
        order of sending.
        """

    def looks(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[SubscriberId, Past]:
        """Return of `past` only what tells which papers are news to each of them, for far less.

        `had`, `versions` and `rested` are empty, and `missed` may hold what another digest brought.
        """

    def planned(self, day: date) -> frozenset[SubscriberId]:
        """Return who has a row for that day, whatever its status."""

    def quiet(self, day: date, reasons: Collection[str]) -> frozenset[SubscriberId]:
        """Return who has a quiet row for that day that bears one of the reasons."""

    def latest_days(self, subscribers: Collection[SubscriberId], before: date) -> Mapping[SubscriberId, date]:
        """Return the day of the latest row of each before that day, whatever its status."""

    def begin_round(self, day: date, subscribers: Collection[SubscriberId], *, now: datetime) -> RoundId:
        """Note that each of these is to have a row for that day, before any is made."""

    def end_round(self, round_id: RoundId, *, now: datetime) -> frozenset[SubscriberId]:
        """Return who of the round has no row, which nobody may be; the note stays as long as that is so."""

    def gaps(self) -> tuple[Gap, ...]:
        """Return the rounds, begun or ended, of which somebody has no row, the newest first."""

    def expire(self, subscribers: Collection[SubscriberId], day: date, *, now: datetime) -> int:
        """Give up what is planned or deferred for these subscribers since before that day.

        Such rows become failed, so that their papers are free for the digest of the day.
        """

    def give_up(self, planned_before: datetime, *, now: datetime) -> int:
        """Make what was planned before then, and is still planned or deferred, failed; return how many.

        What has been unknown since then is held: its letter is too old to be sent once more.
        """

    def plan(self, plans: Sequence[Plan], *, now: datetime) -> int:
        """Enter the plans, all or none; a (subscriber, day) that is there already stays as it is.

        Return how many were entered.
        """

    def reopen(self, subscribers: Collection[SubscriberId], day: date, reasons: Collection[str]) -> int:
        """Take back their quiet rows of a day that bear one of the reasons, to be planned anew."""

    def withdraw(
        self, remaining: Collection[SubscriberId], *, now: datetime, before: date | None = None
    ) -> int:
        """Make what is planned or deferred for anybody else `suppressed`; hold what is unknown for them.

        With `before`, only rows of earlier days. Return how many rows that were.
        """

    def resolve(self, delivery: DeliveryId, status: Status, reason: str, *, now: datetime) -> bool:
        """Settle an unknown delivery by hand: SENT, FAILED, or PLANNED to resend it.

        Return False if it is not unknown.
        """

    def rows(
        self,
        *,
        day: date | None = None,
        since: date | None = None,
        address: str | None = None,
        status: Status | None = None,
    ) -> tuple[DeliveryRecord, ...]:
        """Return the rows that fit, newest day first, then by address."""

    def tally(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[Status, int]:
        """Return how many of their rows of that day are in each status; those with none are left out."""

    def outcomes(self, since: datetime) -> Mapping[Status, int]:
        """Return how many rows, of days up to LONGEST_TALE before then, came to their status since then."""

    def held(self, on_unknown: OnUnknown) -> int:
        """Return how many unknown deliveries wait for a person, where the first time is dealt with so."""

    def tallies(self, since: date) -> Mapping[date, Mapping[Status, int]]:
        """Return for each day from then on that has rows how many of them are in each status."""

    def secret(self) -> bytes:
        """Return the 32 random bytes of this installation, made on first use and then kept in mind."""
