"""The letters that wait, as those who deliver take them from the tables."""

import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Select

from paperround.ports import Claim, OnUnknown, Status, SubscriberId, Taken, WorkerId
from paperround.rates import DAY, MINUTE, Later, Rate, RelayState, is_paused, later, pause_after, pause_of
from paperround.store import dispatch_statements as statements
from paperround.store.engine import Database, chunks

_ENDS = frozenset({Status.SENT, Status.DEFERRED, Status.FAILED, Status.UNKNOWN, Status.PLANNED})


class SqlDispatch:
    """Deliveries in one database, shared by all workers that have it open."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
    ) -> Claim | Later | None:
        """Mark one delivery as `sending` and return it; or until when to wait; or None where none is left.

        Planned ones come first, then deferred ones, those due the longest first, then unknown ones.
        """
        waiting = statements.waiting(
            on_unknown=on_unknown,
            now=now,
            retry_before=retry_before,
            unknown_before=unknown_before,
            of=of,
        )
        selections = tuple(waiting)

        def take(connection: Connection) -> Claim | Later | None:
            wait = waits(connection, rate, now)
            if wait is not None:
                return wait if any(connection.scalar(each) is not None for each in selections) else None
            claim = _claim(connection, selections, worker, now)
            if claim is not None:
                connection.execute(statements.sign_on(worker, now=now))
                count(connection, rate, now)
            return claim

        # What is sent when there is no room left can be sent, but not be recorded as sent.
        self._database.require_room()
        return self._database.write(take)

    def begin_data(self, claim: Claim, *, now: datetime) -> None:
        """Mark that the message may from now on be accepted without our learning of it.

        Raise StoreError where the delivery was taken from us meanwhile.
        """
        self._change_claimed(claim, {"data_begun_at": now, "updated_at": now})

    def settle(
        self,
        claim: Claim,
        status: Status,
        *,
        reply: str,
        reason: str = "",
        next_at: datetime | None = None,
        now: datetime,
    ) -> None:
        """Record how an attempt ended; it has counted even where the delivery is planned again.

        Raise StoreError where the delivery was taken from us meanwhile.
        """
        if status not in _ENDS:
            raise ValueError(f"delivery {claim.id}: an attempt does not end as {status}")
        if (status is Status.DEFERRED) != (next_at is not None):
            raise ValueError(f"delivery {claim.id}: next_at goes with deferred, and only with it")
        values = {**statements.outcome(status, reason=reason, now=now), "reply": reply, "next_at": next_at}
        self._change_claimed(claim, values)

    def workers(self) -> Mapping[WorkerId, datetime]:
        """Return who has something in hand, or had lately, and when each last said that they are alive."""
        with self._database.reading() as connection:
            return {row.id: row.seen_at for row in connection.execute(statements.signed_on())}

    def beat(self, worker: WorkerId, *, now: datetime) -> bool:
        """Say that the worker is alive. Return False where it has nothing in hand, or was given up."""
        return self._change(statements.beat(worker, now=now)) == 1

    def recover(self, workers: Collection[WorkerId], *, now: datetime) -> int:
        """Give up these workers, and take back what they left as `sending`; return how many that were.

        Before the mark of `begin_data` it becomes planned again, after it unknown.
        """
        gone = tuple(workers)

        def take_back(connection: Connection) -> int:
            changes = statements.recoveries(gone, now=now)
            taken = sum(connection.execute(change).rowcount for change in changes)
            connection.execute(statements.sign_off(gone))
            return taken

        return self._database.write(take_back)

    def in_hand(self, of: Collection[SubscriberId] | None = None) -> int:
        """Return how many deliveries are `sending` now, of everybody or of a few."""
        groups = (None,) if of is None else tuple(chunks(tuple(of)))
        with self._database.reading() as connection:
            return sum(connection.execute(statements.in_hand(group)).scalar_one() for group in groups)

    def pause(self, relay: str, reason: str, *, now: datetime, length: timedelta | None = None) -> datetime:
        """Let nothing be claimed for this relay for a while, and return until when.

        Each pause is longer than the one before, until `resume`, unless a length is given. One that
        lasts already stays as it is.
        """

        def begin(connection: Connection) -> datetime:
            state = _state(connection, relay)
            if state.paused_until is not None and is_paused(state, now=now):
                return state.paused_until
            until = now + (pause_after(state.pauses) if length is None else length)
            values = {"paused_until": until, "reason": reason, "pauses": state.pauses + 1}
            connection.execute(statements.change_relay(relay, values))
            return until

        return self._database.write(begin)

    def pauses(self, relay: str) -> int:
        """Return how many pauses there were since the latest `resume`."""
        with self._database.reading() as connection:
            return _state(connection, relay).pauses

    def paused(self, relay: str, *, now: datetime) -> Later | None:
        """Return until when a pause of this relay lasts, and why, if one does."""
        with self._database.reading() as connection:
            return pause_of(_state(connection, relay), now=now)

    def resume(self, relay: str, *, begun: datetime | None = None) -> bool:
        """End the pause, and forget those before it: the relay accepts mail again. Return whether it is so.

        A letter that was `begun` before the end of a pause says nothing of it, and changes nothing.
        """

        def end(connection: Connection) -> bool:
            until = _state(connection, relay).paused_until
            if begun is not None and until is not None and begun < until:
                return False
            ended = {"paused_until": None, "reason": "", "pauses": 0}
            connection.execute(statements.change_relay(relay, ended))
            return True

        return self._database.write(end)

    def _change(self, *changes: Executable) -> int:
        """Return how many rows were changed, in one transaction."""
        return self._database.write(
            lambda connection: sum(connection.execute(change).rowcount for change in changes)
        )

    def _change_claimed(self, claim: Claim, values: Mapping[str, Any]) -> None:
        """Change a delivery that is still ours, or raise StoreError."""
        statement = statements.change_claimed(claim, values)

        def change(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise Taken(
                    f"delivery {claim.id} was taken from this process, which was silent for too long; "
                    "whoever has it now records what becomes of it"
                )

        self._database.write(change)


def _state(connection: Connection, relay: str) -> RelayState:
    row = connection.execute(statements.relay(relay)).one_or_none()
    if row is None:
        return RelayState()
    return RelayState(
        next_turn=row.next_turn, paused_until=row.paused_until, reason=row.reason, pauses=row.pauses
    )


def waits(connection: Connection, rate: Rate, now: datetime) -> Later | None:
    """Return until when the next message has to wait, whoever sends it, or None where it may begin."""
    handed_over: dict[datetime, int] = {}
    if rate.limits:
        begun = statements.handed_over(rate.relay, since=now - DAY - MINUTE)
        handed_over = {row.minute: row.messages for row in connection.execute(begun)}
    return later(rate, _state(connection, rate.relay), handed_over, now=now)


def count(connection: Connection, rate: Rate, now: datetime) -> None:
    """Count a message that is begun now."""
    if rate.interval is not None:
        connection.execute(statements.change_relay(rate.relay, {"next_turn": now + rate.interval}))
    if rate.limits:
        connection.execute(statements.hand_over(rate.relay, now=now))
        connection.execute(statements.forget_handovers(rate.relay, before=now - DAY - MINUTE))


def _claim(
    connection: Connection, waiting: Iterable[Select[Any]], worker: WorkerId, now: datetime
) -> Claim | None:
    for selection in waiting:
        claiming = statements.claim(selection, worker=worker, now=now)
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
