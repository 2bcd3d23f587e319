"""Who subscribes by themselves, kept in tables: requests until they are confirmed, and members."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Executable, Row, Select, delete, func, select, update

from paperround.admission import LIFE_OF_A_REQUEST, REMEMBERED, Admission, Asked, admission
from paperround.languages import Language
from paperround.ports import (
    MOST_ATTEMPTS,
    Asking,
    Cause,
    Member,
    Request,
    RequestId,
    Status,
    SubscriberId,
    Wish,
)
from paperround.rates import HOUR, Later, Rate
from paperround.replies import retry_after
from paperround.store import statements
from paperround.store.dispatch import count, waits
from paperround.store.dispatch_statements import outcome
from paperround.store.engine import Database
from paperround.store.tables import (
    askings,
    deliveries,
    members,
    preferences,
    requests,
    subscribers,
    suppressions,
)

_HIGHEST = 10**17  # of a request; a link has room for as much


class SqlRequests:
    """What was asked for and is not confirmed, and how often was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, asking: Asking, *, rate: Rate, now: datetime) -> Admission:
        """Keep what is asked for where a mail may be sent for it; what is BUSY does not count."""

        def work(connection: Connection) -> Admission:
            decided = admission(_asked(connection, asking, now), rate)
            if decided is Admission.BUSY:
                return decided
            mailed = decided is Admission.MAIL
            noted = {"address": asking.mark if mailed else None, "network": asking.network, "asked_at": now}
            connection.execute(askings.insert().values(noted))
            if mailed:
                connection.execute(requests.insert().values(_row(asking, now)))
            return decided

        return self._database.write(work)

    def request(self, request: RequestId, *, now: datetime) -> Request | None:
        """Return a request that can be confirmed, or None where there is none, or none any more."""
        wanted = select(requests).where(requests.c.id == request, _lives(now))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _request(row)

    def claim(self, *, rate: Rate, now: datetime) -> Request | Later | None:
        """Return a request whose mail is ours to send; or until when to wait; or None where none is left.

        It is due again after a while unless `mailed` or `drop` is said of it, MOST_ATTEMPTS times in all.
        """
        due = _due(now)

        def work(connection: Connection) -> Request | Later | None:
            row = connection.execute(due).one_or_none()
            if row is None:
                return None
            if isinstance(wait := waits(connection, rate, now), Later):
                return wait
            attempts = row.attempts + 1
            again = now + retry_after(attempts, jitter=0.5) if attempts < MOST_ATTEMPTS else None
            connection.execute(_changed(row.id, {"attempts": attempts, "next_at": again}))
            count(connection, rate, now)
            return _request(row, attempts=attempts)

        with self._database.reading() as connection:
            if connection.execute(due).one_or_none() is None:
                return None
        return self._database.write(work)

    def mailed(self, request: RequestId) -> None:
        """Send no more mail for a request."""
        self._execute(_changed(request, {"next_at": None}))

    def drop(self, request: RequestId) -> None:
        """Forget a request."""
        self._execute(delete(requests).where(requests.c.id == request))

    def tidy(self, *, now: datetime) -> int:
        """Forget what is too old to be confirmed or counted; return how many requests that were."""
        counted = delete(askings).where(askings.c.asked_at <= now - REMEMBERED)
        old = delete(requests).where(~_lives(now))

        def work(connection: Connection) -> int:
            connection.execute(counted)
            return connection.execute(old).rowcount

        return self._database.write(work)

    def _execute(self, statement: Executable) -> None:
        self._database.write(lambda connection: connection.execute(statement).rowcount)


class SqlMembers:
    """Who joined by themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[tuple[int, int], Sequence[Member]] = ((0, 0), ())

    def all(self) -> Sequence[Member]:
        """Return them, the first to join first: the same object for as long as nothing has changed."""
        # A number is given once, so that fewer rows, or a higher one, come with every change.
        counted = select(func.count(), func.coalesce(func.max(members.c.id), 0)).select_from(members)
        wanted = select(members, subscribers.c.address).join(subscribers).order_by(members.c.id)
        with self._database.reading() as connection:
            number, highest = connection.execute(counted).one()
            known = self._known
            if known[0] != (number, highest):
                known = (number, highest), tuple(_member(row) for row in connection.execute(wanted))
                self._known = known
        return known[1]

    def confirm(
        self, request: RequestId, *, network: bytes, joins: bool, now: datetime
    ) -> SubscriberId | None:
        """Do what a request asks for, once; return for whom, or None where it cannot be done any more.

        Whoever left gets mail again, but not who complained, or whose mail came back. With `joins` they
        become a member; without, somebody else says what they read. All of their requests are done with.
        """
        taken = delete(requests).where(requests.c.id == request, _lives(now)).returning(*requests.c)

        def work(connection: Connection) -> SubscriberId | None:
            row = connection.execute(taken).one_or_none()
            if row is None:
                return None
            connection.execute(delete(requests).where(requests.c.folded == row.folded))
            subscriber = _enrolled(connection, row, now)
            if connection.scalar(_unwilling(subscriber)) is not None:
                return None
            for change in _welcomed(subscriber):
                connection.execute(change)
            if joins:
                joined = {"subscriber": subscriber, "confirmed_at": now, "network": network}
                kept = {name: getattr(row, name) for name in (*_WISH, "asked_at")}
                connection.execute(members.insert().values({**kept, **joined}))
            return subscriber

        return self._database.write(work)

    def remove(self, address: str) -> bool:
        """End the membership of whoever has this address; return False where there is none."""
        ended = delete(members).where(members.c.subscriber.in_(_called(address)))
        return self._database.write(lambda connection: connection.execute(ended).rowcount) > 0

    def forget(self, address: str, *, now: datetime) -> bool:
        """Forget all that is known of whoever has this address; return False where that is nothing.

        Their deliveries stay, of nobody. Of somebody who must not get mail the address stays, too, for
        it is what keeps mail away.
        """

        def work(connection: Connection) -> bool:
            asked = connection.execute(delete(requests).where(requests.c.folded == address.lower()))
            subscriber = connection.scalar(_called(address))
            if subscriber is None:
                return asked.rowcount > 0
            for change in _forgotten(subscriber, now):
                connection.execute(change)
            return True

        return self._database.write(work)


_WISH = ("keywords", "language", "timezone", "deliver_at")


def _asked(connection: Connection, asking: Asking, now: datetime) -> Asked:
    last_hour, last_day = askings.c.asked_at > now - HOUR, askings.c.asked_at > now - REMEMBERED
    theirs = askings.c.address == asking.mark

    def counted(*conditions: Any) -> int:  # noqa: ANN401 - as of a where
        return int(connection.execute(select(func.count()).where(*conditions)).scalar_one())

    return Asked(
        address_hour=counted(last_hour, theirs),
        address_day=counted(last_day, theirs),
        network_hour=counted(last_hour, askings.c.network == asking.network),
        everybody_hour=counted(last_hour),
        everybody_day=counted(last_day),
    )


def _lives(now: datetime) -> Any:  # noqa: ANN401 - what a comparison is
    return requests.c.asked_at > now - LIFE_OF_A_REQUEST


def _due(now: datetime) -> Select[Any]:
    waiting = select(requests).where(requests.c.next_at <= now, _lives(now))
    return waiting.order_by(requests.c.next_at, requests.c.id).limit(1)


def _changed(request: RequestId, values: Mapping[str, Any]) -> Executable:
    return update(requests).where(requests.c.id == request).values(values)


def _row(asking: Asking, now: datetime) -> Mapping[str, Any]:
    wish = asking.wish
    return {
        "id": secrets.randbelow(_HIGHEST),
        "address": asking.address,
        "folded": asking.address.lower(),
        "keywords": list(wish.keywords),
        "language": wish.language.value,
        "timezone": wish.timezone.key if wish.timezone else None,
        "deliver_at": wish.deliver_at,
        "asked_at": now,
        "attempts": 0,
        "next_at": now,
    }


def _wish(row: Row[Any]) -> Wish:
    return Wish(
        keywords=tuple(row.keywords),
        language=Language(row.language),
        timezone=ZoneInfo(row.timezone) if row.timezone else None,
        deliver_at=row.deliver_at,
    )


def _request(row: Row[Any], *, attempts: int | None = None) -> Request:
    return Request(
        id=RequestId(row.id),
        address=row.address,
        wish=_wish(row),
        asked_at=row.asked_at,
        attempts=row.attempts if attempts is None else attempts,
    )


def _member(row: Row[Any]) -> Member:
    return Member(
        subscriber=row.subscriber,
        address=row.address,
        wish=_wish(row),
        asked_at=row.asked_at,
        confirmed_at=row.confirmed_at,
        network=row.network,
    )


def _enrolled(connection: Connection, row: Row[Any], now: datetime) -> SubscriberId:
    entry = {"address": row.address, "folded": row.folded, "enrolled_at": now}
    connection.execute(statements.enrol(), entry)
    found: int = connection.execute(_called(row.address)).scalar_one()
    return SubscriberId(found)


def _called(address: str) -> Select[Any]:
    return select(subscribers.c.id).where(subscribers.c.folded == address.lower())


def _unwilling(subscriber: SubscriberId) -> Select[Any]:
    """Select that somebody complained, or that their mail came back."""
    return select(suppressions.c.subscriber).where(
        suppressions.c.subscriber == subscriber, suppressions.c.cause != Cause.UNSUBSCRIBED
    )


def _welcomed(subscriber: SubscriberId) -> Iterator[Executable]:
    """Yield what makes a new beginning: what somebody chose before they left is over, too."""
    yield statements.readmit(subscriber)
    yield delete(preferences).where(preferences.c.subscriber == subscriber)
    yield delete(members).where(members.c.subscriber == subscriber)


def _forgotten(subscriber: int, now: datetime) -> Iterator[Executable]:
    yield delete(members).where(members.c.subscriber == subscriber)
    yield delete(preferences).where(preferences.c.subscriber == subscriber)
    waiting = update(deliveries).where(
        deliveries.c.subscriber == subscriber,
        deliveries.c.status.in_((Status.PLANNED, Status.DEFERRED, Status.UNKNOWN)),
    )
    ended = outcome(Status.SUPPRESSED, reason="forgotten at their request", now=now)
    yield waiting.values({**ended, "next_at": None})
    nobody = f"forgotten-{subscriber}@forgotten.invalid"
    unnamed = update(subscribers).where(
        subscribers.c.id == subscriber, subscribers.c.id.not_in(select(suppressions.c.subscriber))
    )
    yield unnamed.values(address=nobody, folded=nobody)
