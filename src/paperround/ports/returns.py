"""What comes back, and where it arrives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from paperround.ports.deliveries import Cause
from paperround.ports.identity import DeliveryId, SubscriberId


class Weight(StrEnum):
    """What a bounce says of the reader's address."""

    HARD = "hard"  # there is no such mailbox, or none any more
    SOFT = "soft"  # it took no mail this time, which may pass
    OURS = "ours"  # our mail is not wanted there, which is no fault of the reader's


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A letter that came back; `message_id` is that of the returned message, where it shows one."""

    delivery: DeliveryId
    weight: Weight
    words: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A reader's report that a letter is unwanted: it names the delivery, or at least the reader."""

    delivery: DeliveryId | None = None
    subscriber: SubscriberId | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A reader's wish, by mail, to get nothing any more."""

    subscriber: SubscriberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Irrelevant:
    """A message on which we do not act, and why."""

    reason: str


Finding = Bounce | Complaint | Leaving


class Effect(StrEnum):
    """What came of what came back."""

    SUPPRESSED = "suppressed"  # they get nothing any more
    COUNTED = "counted"  # towards the point at which they get nothing any more
    OURS = "ours"  # somebody has to mend our mail
    NOTED = "noted"  # they get nothing any more already
    REPEATED = "repeated"  # the same message was read before
    FOREIGN = "foreign"  # it is about something that we did not send
    TOO_EARLY = "too_early"  # the relay's reply is not recorded yet: to be read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a finding leads to, and for whom; `reason` is a sentence for people.

    `fails` says that the delivery, which counted as sent or unknown, has failed.
    """

    effect: Effect
    reason: str
    subscriber: str | None = None  # the address
    fails: bool = False
    cause: Cause | None = None  # for which they get nothing any more


class Returns(Protocol):
    """What came back, each message entered once, and all that it leads to in the same transaction."""

    def enter(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        """Enter what was found in the message that has this digest, and return what came of it."""

    def foresee(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        """Return what would come of it; nothing is changed."""

    def unwelcome(self, since: datetime) -> int:
        """Return how many readers' mail came back since then for reasons that are ours to mend."""

    def ended(self, since: datetime) -> int:
        """Return how many readers get nothing any more since then, because their mail came back."""


class InboxUnusable(Exception):  # noqa: N818 - it says what is wrong with a mailbox
    """A mailbox cannot be read now; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message in a mailbox, under the mailbox's own name for it; None in place of one that is too large."""

    name: str
    message: bytes | None


class Inbox(Protocol):
    """A mailbox whose unseen messages are read once. Each method may raise InboxUnusable."""

    def unseen(self, at_most: int) -> Iterator[Incoming]:
        """Yield messages that nobody has seen, the oldest first."""

    def done(self, incoming: Incoming) -> None:
        """Delete a message; all that it led to is on disk."""

    def keep(self, incoming: Incoming) -> None:
        """Mark a message as seen, and leave it for people to read."""

    def close(self) -> None:
        """Leave the mailbox."""
