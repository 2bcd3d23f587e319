"""What somebody's mail that came back leads to: at once, after a while, or never for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import assert_never

from paperround.ports import (
    Bounce,
    Cause,
    Complaint,
    Consequence,
    Effect,
    Finding,
    Leaving,
    Status,
    SubscriberId,
    Weight,
)
from paperround.replies import Reply, Verdict, is_about_address, is_about_content

NOT_ENTERED = frozenset({Effect.REPEATED, Effect.FOREIGN, Effect.TOO_EARLY})  # answers, and no more
ENOUGH = 5  # days on which mail came back softly
LONGEST_GAP = timedelta(days=15)  # between two of them; after a longer one it is a new beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What we know of that about which something came back.

    Of a delivery there are its day, status and Message-ID. `soft_days` are those of the reader's
    deliveries that came back softly and were not yet held against them.
    """

    subscriber: SubscriberId
    address: str
    day: date | None = None
    status: Status | None = None
    message_id: str | None = None
    soft_days: frozenset[date] = frozenset()
    suppressed: bool = False


def weight(reply: Reply) -> Weight:
    """Return what the reply with which a letter was given up says of the reader's address."""
    match reply.verdict:
        case Verdict.PERMANENT:
            return Weight.HARD if is_about_address(reply) else Weight.SOFT
        case Verdict.TEMPORARY:
            return Weight.OURS if is_about_content(reply) else Weight.SOFT
        case Verdict.OURS | Verdict.PACE | Verdict.CONFIG | Verdict.ACCEPTED:
            return Weight.OURS
        case _:
            assert_never(reply.verdict)


def worn_out(days: Collection[date]) -> bool:
    """Return whether mail came back softly on so many days, none far from the next, that it is enough."""
    run = 0
    for earlier, later in pairwise([date.min, *sorted(set(days))]):
        run = run + 1 if later - earlier <= LONGEST_GAP else 1
        if run >= ENOUGH:
            return True
    return False


def consequence(finding: Finding, case: Case, *, today: date) -> Consequence:
    """Return what a finding leads to that was not read before."""
    match finding:
        case Leaving():
            return _suppression(case, Cause.UNSUBSCRIBED, f"unsubscribed by mail on {today}")
        case Bounce() | Complaint() if _is_foreign(finding.message_id, case):
            return foreign("the message in it is not the one that was sent")
        case Bounce() if case.status is Status.SENDING:
            return Consequence(effect=Effect.TOO_EARLY, reason="the letter is still on its way")
        case Complaint():
            return _suppression(case, Cause.COMPLAINED, f"reported the mail as unwanted on {today}")
        case Bounce():
            return _bounced(finding, case, today)
        case _:
            assert_never(finding)


def foreign(reason: str) -> Consequence:
    """Return that nothing comes of it, for this reason."""
    return Consequence(effect=Effect.FOREIGN, reason=reason)


def _is_foreign(message_id: str | None, case: Case) -> bool:
    return message_id is not None and case.message_id is not None and message_id != case.message_id


def _bounced(bounce: Bounce, case: Case, today: date) -> Consequence:
    fails = case.status in (Status.SENT, Status.UNKNOWN)
    if bounce.weight is Weight.OURS:
        return Consequence(effect=Effect.OURS, reason=bounce.words, subscriber=case.address, fails=fails)
    days = case.soft_days | ({case.day} if case.day else set())
    if bounce.weight is Weight.HARD:
        return _suppression(
            case, Cause.BOUNCED, f"mail to it came back on {today}: {bounce.words}", fails=fails
        )
    if worn_out(days):
        reason = f"mail to it came back on {ENOUGH} days, the last time on {today}: {bounce.words}"
        return _suppression(case, Cause.BOUNCED, reason, fails=fails)
    effect = Effect.NOTED if case.suppressed else Effect.COUNTED
    return Consequence(effect=effect, reason=bounce.words, subscriber=case.address, fails=fails)


def _suppression(case: Case, cause: Cause, reason: str, *, fails: bool = False) -> Consequence:
    effect = Effect.NOTED if case.suppressed else Effect.SUPPRESSED
    return Consequence(effect=effect, reason=reason, subscriber=case.address, fails=fails, cause=cause)
