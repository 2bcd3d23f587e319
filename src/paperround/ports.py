"""The edges as the pipeline sees them: where papers come from, where they are kept, where mail goes."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

import numpy as np
from numpy.typing import NDArray

from paperround.batches import Batch, BatchRecord
from paperround.digests import Digest, Hindrance
from paperround.meaning import Vector
from paperround.papers import Paper, PaperId
from paperround.phrases import counted, full_day
from paperround.preferences import Change, Overlay
from paperround.rates import Later, Rate
from paperround.replies import Reply

SubscriberId = NewType("SubscriberId", int)
DeliveryId = NewType("DeliveryId", int)
RoundId = NewType("RoundId", int)
WorkerId = NewType("WorkerId", str)

LONGEST_ROUND = timedelta(hours=6)  # whatever has not ended by then will not


# --- where papers come from -----------------------------------------------------------------------


class SourceError(Exception):
    """A source gave nothing that can be used; the message says why, for people."""


class Source(Protocol):
    """A place that announces papers."""

    @property
    def name(self) -> str:
        """The name that people know it by, unique among the sources."""

    @property
    def daily(self) -> bool:
        """Whether the same papers the next day mean that the source stands still, and not that it rests."""

    def days(self, day: date) -> tuple[date, ...]:
        """Return the days to ask for, newest first, so that nothing of `day` or late before it is missed."""

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        """Return what was announced for the day, or None where nothing changed since `etag`.

        Raise SourceError when nothing of it can be read.
        """


# --- where they are kept --------------------------------------------------------------------------


class StoreError(Exception):
    """The store could not read or keep something; the message says why and what to do, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paper as one source announced it on one day; `first_seen` is when we learned of it."""

    source: str
    day: date
    paper: Paper
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionListing(Listing):
    """A later version of a known paper, as one source announced it on one day."""

    version: int


class Library(Protocol):
    """The papers and batches that are known. Nothing is kept in part: each call is one transaction."""

    def record(self, batch: Batch, *, now: datetime) -> BatchRecord:
        """Store the batch, its papers merged into what is known of them, and its listings.

        A paper already listed by that source on that day keeps the time it was first seen. `new` in
        the answer counts the papers that the library did not hold. Of the revisions, those of papers
        that it holds are kept, each version once. A batch that failed takes nothing
        away: where the day was read before, the earlier record stays and is returned.
        """

    def batch(self, source: str, day: date) -> BatchRecord | None:
        """Return the record of a source's day."""

    def batch_before(self, source: str, day: date) -> tuple[BatchRecord, frozenset[PaperId]] | None:
        """Return the source's latest batch with papers before that day, and the ids it listed."""

    def batches(self, days: Collection[date]) -> tuple[BatchRecord, ...]:
        """Return the records of those days, by source, newest day first."""

    def listings(self, since: date, until: date) -> tuple[Listing, ...]:
        """Return what was announced on the days from `since` to `until`, both included, oldest first."""

    def revisions(self, since: date, until: date) -> tuple[RevisionListing, ...]:
        """Return the revisions announced from `since` to `until`, both included, oldest first."""

    def latest_day(self) -> date | None:
        """Return the latest day on which anything was announced."""

    def days(self) -> tuple[date, ...]:
        """Return every day that a source was asked for, the latest first."""

    def paper(self, paper: PaperId) -> Paper | None:
        """Return one paper."""


# --- what words mean ------------------------------------------------------------------------------


class EmbedderError(Exception):
    """There is no model to say what texts mean; the message says why and what to do, for people."""


class Embedder(Protocol):
    """A model for which a text is a direction: what means much the same points much the same way."""

    @property
    def name(self) -> str:
        """What tells this model from every other, so that their vectors are never compared.

        Raise EmbedderError where that cannot be said.
        """

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text: a vector of length one, or of nothing but zeros.

        The latter is for a text in which the model knows no word. Raise EmbedderError where there is
        no model to ask.
        """


class Vectors(Protocol):
    """The vectors that are known: of a text, as one model has it."""

    def find(self, model: str, texts: Collection[str]) -> Mapping[str, Vector]:
        """Return the vectors of those texts that the model was asked about before."""

    def keep(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Keep the vectors of these texts, to three digits; what is known already stays as it is."""


# --- what was sent to whom ------------------------------------------------------------------------


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
class Past:
    """What a subscriber had before some day.

    `first_day` is the first day with a row, `last_day` the latest for which papers were looked at and
    `planned_at` when that was done; `had` are the papers of every digest that was not given up,
    `missed` those of the digests that failed and were in no other, and `versions` the latest version of
    those of `had` that came as an update.
    """

    first_day: date | None = None
    last_day: date | None = None
    planned_at: datetime | None = None
    had: frozenset[PaperId] = frozenset()
    missed: frozenset[PaperId] = frozenset()
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
    ) -> Claim | Later | None:
        """Mark one delivery as `sending` and return it; or until when to wait; or None where none is left.

        Candidates are planned rows, deferred ones that are due or were last tried before
        `retry_before`, and under RESEND those that became unknown for the first time, and did so before
        `unknown_before` where that is given. Whoever is suppressed by now becomes `suppressed`
        instead, in the same transaction. `of` None means everybody, else a few. A letter whose bytes
        are damaged becomes failed. What is taken counts towards the limits of the rate.
        """

    def begin_data(self, claim: Claim, *, now: datetime) -> None:
        """Mark that the message may from now on be accepted without our learning of it.

        Raise StoreError where the delivery was taken from us meanwhile.
        """

    def settle(
        self,
        claim: Claim,
        status: Status,
        *,
        reply: str,
        reason: str = "",
        next_at: datetime | None = None,
        suppress: str | None = None,
        now: datetime,
    ) -> None:
        """Record how an attempt ended: SENT, DEFERRED (with `next_at`), FAILED, UNKNOWN or PLANNED.

        `suppress` says why the subscriber gets nothing any more, the address being dead. Raise
        StoreError where the delivery was taken from us meanwhile.
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

    def resume(self, relay: str) -> None:
        """End the pause, and forget those before it: the relay accepts mail again."""


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

    def planned(self, day: date) -> frozenset[SubscriberId]:
        """Return who has a row for that day, whatever its status."""

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
        self, *, day: date | None = None, address: str | None = None, status: Status | None = None
    ) -> tuple[DeliveryRecord, ...]:
        """Return the rows that fit, newest day first, then by address."""

    def tally(self, subscribers: Collection[SubscriberId], day: date) -> Mapping[Status, int]:
        """Return how many of their rows of that day are in each status; those with none are left out."""

    def secret(self) -> bytes:
        """Return the 32 random bytes of this installation, made on first use."""


# --- what readers choose for themselves -----------------------------------------------------------


class Preferences(Protocol):
    """What readers chose for themselves, over what the config says. It stays until it is taken back."""

    def overlays(self) -> Mapping[str, Overlay]:
        """Return what was chosen, by the address of whoever did."""

    def overlay(self, subscriber: SubscriberId) -> Overlay | None:
        """Return what this subscriber chose, or None where that is nothing."""

    def change(self, subscriber: SubscriberId, change: Change, *, now: datetime) -> None:
        """Keep what the subscriber chose just now; what it is not about stays as it is."""

    def forget(self, address: str) -> bool:
        """Drop all that was chosen by whoever has this address; return False where that is nothing."""


# --- where mail goes ------------------------------------------------------------------------------


class Refused(Exception):  # noqa: N818 - an answer, not a mistake of ours
    """The relay answered, and not with yes."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class Interrupted(Exception):  # noqa: N818
    """The conversation ended before the message can have been accepted; the message says how."""


class Unanswered(Exception):  # noqa: N818
    """The whole message went out and no reply came: it may or may not have been accepted."""


class RelayUnusable(Exception):  # noqa: N818
    """No message can be delivered this way now: no connection, no TLS, wrong credentials."""


class Relay(Protocol):
    """A way to hand over a finished message."""

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        """Return the relay's words once it has accepted the message.

        `begin_data` is awaited before the first moment at which the message could be accepted without
        our learning of it; if it raises, nothing is handed over. Raise Refused, Interrupted,
        Unanswered or RelayUnusable.
        """

    async def close(self) -> None:
        """End the conversations politely."""


# --- what comes back ------------------------------------------------------------------------------


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
