"""What was, is and will be sent to whom, and who gets nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from paperround.digests import Digest, Hindrance
from paperround.papers import PaperId
from paperround.phrases import counted, full_day
from paperround.ports.identity import DeliveryId, SubscriberId

RESTS = ("paused", "away")  # how the reason of a silence begins that somebody's pause made
LONGEST_ROUND = timedelta(hours=6)  # whatever has not ended by then will not
LONGEST_TALE = timedelta(days=7)  # after its day, that anything new is heard of a letter


class Status(StrEnum):
    """The states of a delivery."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    QUIET = "quiet"


_ENDS = frozenset({Status.SENT, Status.DEFERRED, Status.FAILED, Status.UNKNOWN, Status.PLANNED})


class OnUnknown(StrEnum):
    """What to do with a delivery whose outcome a crash or a lost reply left unknown."""

    RESEND = "resend"  # once, byte for byte
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A delivery to be entered in the ledger: a digest with its final bytes, or the reason for silence.

    `status` is PLANNED (with `message` and `message_id`), or QUIET, SUPPRESSED or FAILED (with `reason`).
    """

    subscriber: SubscriberId
    day: date
    status: Status
    digest: Digest
    reason: str = ""
    message_id: str | None = None
    message: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to make, already marked as `sending`."""

    id: DeliveryId
    recipient: str
    message: bytes
    attempts: int  # this one included


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended: SENT, DEFERRED (with `next_at`), FAILED, UNKNOWN or PLANNED."""

    claim: Claim
    status: Status
    reply: str
    at: datetime
    reason: str = ""
    next_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.status not in _ENDS:
            raise ValueError(f"delivery {self.claim.id}: an attempt does not end as {self.status}")
        if (self.status is Status.DEFERRED) != (self.next_at is not None):
            raise ValueError(f"delivery {self.claim.id}: next_at goes with deferred, and only with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a subscriber had before some day.

    `first_day` is the first day with a row, `last_day` the latest for which papers were looked at and
    `planned_at` when that was done; `had` are the papers of every digest that was not given up, and
    `versions` the latest version of those of them that came as an update. `missed` are the papers of
    digests that failed after `planned_at`, and that were in no other. `rested` are, where `last_day` is
    more than a week back, those of the days up to `LONGEST_GAP` before that had a pause, whoever wished it.
    """

    first_day: date | None = None
    last_day: date | None = None
    planned_at: datetime | None = None
    had: frozenset[PaperId] = frozenset()
    missed: frozenset[PaperId] = frozenset()
    rested: frozenset[date] = frozenset()
    versions: Mapping[PaperId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickRecord:
    """A pick as the ledger keeps it."""

    paper: PaperId
    section: str
    relevance: float
    announced: date
    matched: tuple[Mapping[str, object], ...]  # as of `Match.entry`
    reasons: tuple[str, ...]
    version: int | None = None  # of an update
    hindrance: Hindrance | None = None  # of a title line


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A row of the ledger."""

    id: DeliveryId
    day: date
    subscriber: str  # the address
    status: Status
    reason: str
    picks: tuple[PickRecord, ...]  # shown in full, in order
    lines: tuple[PickRecord, ...]  # shown as a title line
    batches: tuple[Mapping[str, object], ...]  # {"source", "day", "state", "papers"}
    considered: int
    rejected: Mapping[str, int]
    message_id: str | None
    attempts: int
    reply: str
    planned_at: datetime
    updated_at: datetime
    next_at: datetime | None
    remark: str

    @property
    def titles(self) -> tuple[PaperId, ...]:
        """The papers shown as a title line."""
        return tuple(line.paper for line in self.lines)


class Cause(StrEnum):
    """What made us send somebody nothing any more."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """That somebody must not get mail: why, in a sentence, and since when."""

    cause: Cause
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A round that left somebody without a row, against its promise; `missing` are their addresses.

    `ended` is False for a round that broke off, or goes on.
    """

    day: date
    begun_at: datetime
    ended: bool
    missing: tuple[str, ...]

    def stands(self, now: datetime) -> bool:
        """Return whether something is wrong: a round that goes on may be without some rows yet."""
        return self.ended or now - self.begun_at > LONGEST_ROUND

    def __str__(self) -> str:
        state = "does not balance" if self.ended else f"begun at {self.begun_at:%H:%M} UTC has not ended"
        who = counted(len(self.missing), "subscriber")
        return (
            f"the round of {full_day(self.day)} {state}: {who} without a row; "
            f"`paperround send --date {self.day}` does what is missing"
        )
