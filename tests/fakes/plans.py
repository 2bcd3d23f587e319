"""Plans with as little in them as a ledger takes, and short words for what becomes of them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from paperround.digests import Digest, Pick, Section
from paperround.papers import Paper, PaperId
from paperround.ports import (
    Claim,
    DeliveryId,
    DeliveryRecord,
    Ledger,
    OnUnknown,
    Outcome,
    Plan,
    Status,
    SubscriberId,
    WorkerId,
)
from paperround.rates import Later, Rate
from paperround.subscribers import Subscriber

SUNDAY, MONDAY, TUESDAY = date(2026, 6, 14), date(2026, 6, 15), date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 5, tzinfo=UTC)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
READER = Subscriber(address="any@example.org", timezone=ZoneInfo("Europe/London"), deliver_at=time(7, 30))
WORKER = WorkerId("w1")
RATE = Rate(relay="smtp.example.org:587")
LETTER = b"Subject: papers\r\n\r\nHello\r\n"


def pick(name: str, *, section: Section = Section.FOR_YOU) -> Pick:
    """Return a pick of the paper with this name."""
    day = date(2026, 6, 15)
    paper = Paper(id=PaperId(f"arxiv:{name}"), title=name, url="https://example.org/", published=day)
    return Pick(paper=paper, section=section, relevance=0.5, announced=day)


def digest(
    day: date, *, picks: tuple[Pick, ...] = (), titles: tuple[Pick, ...] = (), considered: int = 9
) -> Digest:
    """Return a digest of these picks."""
    return Digest(
        subscriber=READER, day=day, picks=picks, titles=titles, batches=(), considered=considered, rejected={}
    )


def letter(
    subscriber: SubscriberId,
    day: date,
    *,
    picks: tuple[Pick, ...] = (),
    titles: tuple[Pick, ...] = (),
    message: bytes = LETTER,
) -> Plan:
    """Return a plan to send something."""
    return Plan(
        subscriber=subscriber,
        day=day,
        status=Status.PLANNED,
        digest=digest(day, picks=picks, titles=titles),
        message_id=f"<{subscriber}.{day}@example.org>",
        message=message,
    )


def silence(
    subscriber: SubscriberId,
    day: date,
    *,
    status: Status = Status.QUIET,
    reason: str = "nothing matched",
    considered: int = 9,
) -> Plan:
    """Return a plan to send nothing."""
    return Plan(
        subscriber=subscriber,
        day=day,
        status=status,
        digest=digest(day, considered=considered),
        reason=reason,
    )


def claim(
    ledger: Ledger,
    *,
    on_unknown: OnUnknown = OnUnknown.RESEND,
    now: datetime = NOW,
    retry_before: datetime | None = None,
    worker: WorkerId = WORKER,
    of: Collection[SubscriberId] | None = None,
) -> Claim | None:
    """Claim a delivery, if there is one, from a relay without limits."""
    taken = ledger.claim(
        worker=worker, rate=RATE, on_unknown=on_unknown, now=now, retry_before=retry_before, of=of
    )
    assert not isinstance(taken, Later)
    return taken[0] if taken else None


def claimed(
    ledger: Ledger,
    *,
    now: datetime = NOW,
    retry_before: datetime | None = None,
    worker: WorkerId = WORKER,
) -> Claim:
    """Claim a delivery that is there."""
    taken = claim(ledger, now=now, retry_before=retry_before, worker=worker)
    assert taken is not None
    return taken


def begin_data(ledger: Ledger, claim: Claim, *, now: datetime) -> bool:
    """Mark a letter, and return whether it was ours."""
    return not ledger.begin_data([claim], now=now)


def settle(
    ledger: Ledger,
    claim: Claim,
    status: Status,
    *,
    now: datetime,
    reply: str = "",
    reason: str = "",
    next_at: datetime | None = None,
) -> bool:
    """Record how an attempt ended, and return whether it was ours."""
    return not ledger.settle(
        [Outcome(claim=claim, status=status, reply=reply, reason=reason, next_at=next_at, at=now)]
    )


def latest_claim(ledger: Ledger) -> Claim:
    """Return the claim that the only row was taken by last."""
    taken = row(ledger)
    return Claim(id=taken.id, recipient=taken.subscriber, message=LETTER, attempts=taken.attempts)


def row(ledger: Ledger, delivery: DeliveryId | None = None) -> DeliveryRecord:
    """Return the only row, or the one with this id."""
    (found,) = (each for each in ledger.rows() if delivery in (None, each.id))
    return found


def bring_to(
    ledger: Ledger, subscriber: SubscriberId, status: Status, *, day: date = TUESDAY, name: str = "p"
) -> None:
    """Enter a digest with one paper and let it come to this status."""
    if status in {Status.QUIET, Status.SUPPRESSED}:
        ledger.plan([silence(subscriber, day, status=status)], now=NOW)
        return
    ledger.plan([letter(subscriber, day, picks=(pick(name),))], now=NOW)
    if status is Status.PLANNED:
        return
    taken = claimed(ledger)
    if status is not Status.SENDING:
        next_at = LATER if status is Status.DEFERRED else None
        settle(ledger, taken, status, next_at=next_at, now=NOW)
