"""The letters that wait, as those who deliver take them from the tables."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select

from paperround.ports import Claim, OnUnknown, Outcome, Status, SubscriberId, WorkerId
from paperround.rates import (
    DAY,
    MINUTE,
    Later,
    Rate,
    RelayState,
    is_paused,
    later,
    pause_after,
    pause_of,
    room,
)
from paperround.store import dispatch_statements as statements
from paperround.store.engine import Database, chunks


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
        limit: int = 1,
    ) -> Sequence[Claim] | Later:
        """Mark up to `limit` deliveries as `sending` and return them; or until when to wait; or none.

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

        def take(connection: Connection) -> Sequence[Claim] | Later:
            turns = waits(connection, rate, now, wanted=limit)
            if isinstance(turns, Later):
                waiting = any(connection.scalar(each.limit(1)) is not None for each in selections)
                return turns if waiting else []
            claims = _claims(connection, selections, worker, now, limit=turns)
            if claims:
                connection.execute(statements.sign_on(worker, now=now))
                count(connection, rate, now, messages=len(claims))
            return claims

        # What is sent when there is no room left can be sent, but not be recorded as sent.
        self._database.require_room()
        return self._database.write(take)

    def begin_data(self, claims: Sequence[Claim], *, now: datetime) -> Sequence[Claim]:
        """Mark that these messages may from now on be accepted without our learning of it.

        Return those that were taken from us meanwhile, which stay as they are.
        """

        def mark(connection: Connection) -> Sequence[Claim]:
            ours = _ours(connection, claims)
            marked = [{"marked": claim.id, "at": now} for claim in claims if _number(claim) in ours]
            if marked:
                connection.execute(statements.mark(), marked)
            return [claim for claim in claims if _number(claim) not in ours]

        return self._database.write(mark)

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Claim]:
        """Record how these attempts ended, which have counted even where the delivery is planned again.

        Return those that were taken from us meanwhile, which stay as they are.
        """

        def record(connection: Connection) -> Sequence[Claim]:
            ours = _ours(connection, [each.claim for each in outcomes])
            for status in Status:
                ended = [each for each in outcomes if each.status is status and _number(each.claim) in ours]
                if ended:
                    connection.execute(statements.end(status), [statements.ending(each) for each in ended])
            return [each.claim for each in outcomes if _number(each.claim) not in ours]

        return self._database.write(record)

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


def _state(connection: Connection, relay: str) -> RelayState:
    row = connection.execute(statements.relay(relay)).one_or_none()
    if row is None:
        return RelayState()
    return RelayState(
        next_turn=row.next_turn, paused_until=row.paused_until, reason=row.reason, pauses=row.pauses
    )


def waits(connection: Connection, rate: Rate, now: datetime, *, wanted: int = 1) -> Later | int:
    """Return until when the next message waits, whoever sends it, or how many of the wanted may begin."""
    handed_over: dict[datetime, int] = {}
    if rate.limits:
        begun = statements.handed_over(rate.relay, since=now - DAY - MINUTE)
        handed_over = {row.minute: row.messages for row in connection.execute(begun)}
    wait = later(rate, _state(connection, rate.relay), handed_over, now=now)
    return room(rate, handed_over, now=now, wanted=wanted) if wait is None else wait


def count(connection: Connection, rate: Rate, now: datetime, *, messages: int = 1) -> None:
    """Count messages that are begun now."""
    if rate.interval is not None:
        connection.execute(statements.change_relay(rate.relay, {"next_turn": now + rate.interval}))
    if rate.limits:
        connection.execute(statements.hand_over(rate.relay, now=now, messages=messages))
        connection.execute(statements.forget_handovers(rate.relay, before=now - DAY - MINUTE))


def _claims(
    connection: Connection, waiting: Iterable[Select[Any]], worker: WorkerId, now: datetime, *, limit: int
) -> Sequence[Claim]:
    claims: list[Claim] = []
    for selection in waiting:
        while len(claims) < limit:
            ids = connection.scalars(selection.limit(limit - len(claims))).all()
            if not ids:
                break
            rows = connection.execute(statements.claim(), {"ids": ids, "me": worker, "at": now}).all()
            in_turn = sorted(rows, key=lambda row: ids.index(row.id))
            claims += (claim for row in in_turn if (claim := _claim(connection, row, now)) is not None)
    return claims


def _claim(connection: Connection, row: Row[Any], now: datetime) -> Claim | None:
    """Return the letter of a row that was taken; None where nobody may get it, or it cannot be read."""
    if row.status is not Status.SENDING:
        return None
    try:
        message = zlib.decompress(row.message)
    except zlib.error:
        values = statements.outcome(Status.FAILED, reason="the stored letter is damaged", now=now)
        connection.execute(statements.change(row.id, Status.SENDING, values))
        return None
    return Claim(id=row.id, recipient=row.recipient, message=message, attempts=row.attempts)


def _ours(connection: Connection, claims: Sequence[Claim]) -> frozenset[tuple[int, int]]:
    """Return the numbers of those claims whose deliveries are still in the hands of who made them."""
    groups = chunks([claim.id for claim in claims])
    found = (row for ids in groups for row in connection.execute(statements.sending(), {"ids": ids}))
    return frozenset((row.id, row.attempts) for row in found)


def _number(claim: Claim) -> tuple[int, int]:
    # The number of the attempt tells this claim from any other, whoever made it.
    return claim.id, claim.attempts
