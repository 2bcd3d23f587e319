"""Requests and members kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences

from paperround.admission import LIFE_OF_A_REQUEST, REMEMBERED, Admission, Asked, admission
from paperround.ports import MOST_ATTEMPTS, Asking, Cause, Member, Request, RequestId, SubscriberId
from paperround.rates import HOUR, Later, Rate
from paperround.replies import retry_after


@dataclass
class MemoryRequests:
    """Keeps what was asked for in a dictionary, and how often in a list."""

    ledger: MemoryLedger
    kept: dict[RequestId, Request] = field(default_factory=dict)
    due: dict[RequestId, datetime] = field(default_factory=dict)
    askings: list[tuple[datetime, Asking]] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    _given: int = 0

    def enter(self, asking: Asking, *, rate: Rate, now: datetime) -> Admission:
        with self.lock:
            hour = [each for at, each in self.askings if at > now - HOUR]
            day = [each for at, each in self.askings if at > now - REMEMBERED]
            asked = Asked(
                address_hour=sum(each.mark == asking.mark for each in hour),
                address_day=sum(each.mark == asking.mark for each in day),
                network_hour=sum(each.network == asking.network for each in hour),
                everybody_hour=len(hour),
                everybody_day=len(day),
            )
            decided = admission(asked, rate)
            if decided is not Admission.BUSY:
                mark = asking.mark if decided is Admission.MAIL else b""
                self.askings.append((now, replace(asking, mark=mark)))
            if decided is Admission.MAIL:
                self._given += 1
                new = RequestId(self._given)
                self.kept[new] = Request(id=new, address=asking.address, wish=asking.wish, asked_at=now)
                self.due[new] = now
            return decided

    def request(self, request: RequestId, *, now: datetime) -> Request | None:
        kept = self.kept.get(request)
        return kept if kept and kept.asked_at > now - LIFE_OF_A_REQUEST else None

    def claim(self, *, rate: Rate, now: datetime) -> Request | Later | None:
        with self.lock:
            due = [each for each, at in self.due.items() if at <= now and self.request(each, now=now)]
            if not due:
                return None
            if (wait := self.ledger.waits(rate, now)) is not None:
                return wait
            self.ledger.count(rate, now)
            first = min(due, key=lambda each: (self.due[each], each))
            request = replace(self.kept[first], attempts=self.kept[first].attempts + 1)
            self.kept[first] = request
            self.due[first] = now + retry_after(request.attempts, jitter=0.5)
            if request.attempts >= MOST_ATTEMPTS:
                del self.due[first]
            return request

    def mailed(self, request: RequestId) -> None:
        self.due.pop(request, None)

    def drop(self, request: RequestId) -> None:
        self.kept.pop(request, None)
        self.due.pop(request, None)

    def tidy(self, *, now: datetime) -> int:
        self.askings = [each for each in self.askings if each[0] > now - REMEMBERED]
        old = [each for each in self.kept if self.request(each, now=now) is None]
        for each in old:
            self.drop(each)
        return len(old)


@dataclass
class MemoryMembers:
    """Keeps members in a tuple that is another after each change."""

    ledger: MemoryLedger
    requests: MemoryRequests
    preferences: MemoryPreferences
    kept: tuple[Member, ...] = ()

    def all(self) -> Sequence[Member]:
        return self.kept

    def confirm(
        self, request: RequestId, *, network: bytes, joins: bool, now: datetime
    ) -> SubscriberId | None:
        with self.requests.lock:
            asked = self.requests.request(request, now=now)
            if asked is None:
                return None
            self._drop_requests(asked.address)
            (subscriber,) = self.ledger.enrol([asked.address], now=now).values()
            suppression = self.ledger.suppressions().get(subscriber)
            if suppression is not None and suppression.cause is not Cause.UNSUBSCRIBED:
                return None
            self.ledger.readmit(subscriber)
            self.preferences.forget(asked.address)
            self.remove(asked.address)
            if joins:
                joined = Member(
                    subscriber=subscriber,
                    address=self.ledger.address(subscriber),
                    wish=asked.wish,
                    asked_at=asked.asked_at,
                    confirmed_at=now,
                    network=network,
                )
                self.kept = (*self.kept, joined)
            return subscriber

    def remove(self, address: str) -> bool:
        left = tuple(each for each in self.kept if each.address.lower() != address.lower())
        removed = len(left) < len(self.kept)
        self.kept = left if removed else self.kept
        return removed

    def forget(self, address: str, *, now: datetime) -> bool:
        asked = self._drop_requests(address)
        known = {each.lower(): subscriber for subscriber, each in self.ledger._addresses.items()}
        subscriber = known.get(address.lower())
        if subscriber is None:
            return asked
        self.remove(address)
        self.preferences.forget(address)
        self.ledger.forget(subscriber, now=now)
        return True

    def _drop_requests(self, address: str) -> bool:
        theirs = [
            each for each, kept in self.requests.kept.items() if kept.address.lower() == address.lower()
        ]
        for each in theirs:
            self.requests.drop(each)
        return bool(theirs)
