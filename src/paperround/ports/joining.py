"""Who subscribes by themselves: what they ask for until they have confirmed it, and from then on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from paperround.admission import Admission
from paperround.languages import Language
from paperround.ports.identity import RequestId, SubscriberId
from paperround.rates import Later, Rate

MOST_ATTEMPTS = 5  # to send the mail for a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for: keywords as they were typed, and a clock of their own where they named one."""

    keywords: tuple[str, ...]
    language: Language
    timezone: ZoneInfo | None = None
    deliver_at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """That somebody asks; `mark` and `network` are digests of the address, and of where it came from."""

    address: str
    wish: Wish
    mark: bytes = field(repr=False)
    network: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for and has not confirmed; `attempts` were made to send them the mail."""

    id: RequestId
    address: str
    wish: Wish
    asked_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who confirmed that they want the papers; `network` is a digest of from where."""

    subscriber: SubscriberId
    address: str
    wish: Wish
    asked_at: datetime
    confirmed_at: datetime
    network: bytes = field(repr=False)


class Requests(Protocol):
    """What was asked for and is not confirmed, and how often was asked."""

    def enter(self, asking: Asking, *, rate: Rate, now: datetime) -> Admission:
        """Keep what is asked for where a mail may be sent for it; what is BUSY does not count."""

    def request(self, request: RequestId, *, now: datetime) -> Request | None:
        """Return a request that can be confirmed, or None where there is none, or none any more."""

    def claim(self, *, rate: Rate, now: datetime) -> Request | Later | None:
        """Return a request whose mail is ours to send; or until when to wait; or None where none is left.

        It is due again after a while unless `mailed` or `drop` is said of it, MOST_ATTEMPTS times in all.
        """

    def mailed(self, request: RequestId) -> None:
        """Send no more mail for a request."""

    def drop(self, request: RequestId) -> None:
        """Forget a request."""

    def tidy(self, *, now: datetime) -> int:
        """Forget what is too old to be confirmed or counted; return how many requests that were."""


class Members(Protocol):
    """Who joined by themselves."""

    def all(self) -> Sequence[Member]:
        """Return them, the first to join first: the same object for as long as nothing has changed."""

    def confirm(
        self, request: RequestId, *, network: bytes, joins: bool, now: datetime
    ) -> SubscriberId | None:
        """Do what a request asks for, once; return for whom, or None where it cannot be done any more.

        Whoever left gets mail again, but not who complained, or whose mail came back. With `joins` they
        become a member; without, somebody else says what they read. All of their requests are done with.
        """

    def remove(self, address: str) -> bool:
        """End the membership of whoever has this address; return False where there is none."""

    def forget(self, address: str, *, now: datetime) -> bool:
        """Forget all that is known of whoever has this address; return False where that is nothing.

        Their deliveries stay, of nobody. Of somebody who must not get mail the address stays, too, for
        it is what keeps mail away.
        """
