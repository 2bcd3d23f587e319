"""Small days: papers listed on them, a reader, and the digest that comes of it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Section
from paperround.issue import Issue, Reader
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ports import Listing, Past, RevisionListing
from paperround.subscribers import Interests, Subscriber

MONDAY = date(2026, 6, 15)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)

ADA = Subscriber(
    address="ada@example.org",
    interests=Interests(keywords=(keyword("LoRA"),)),
    timezone=ZoneInfo("Europe/London"),
    deliver_at=time(7, 30),
)

# What speaks of LoRA, and of so much else that it counts for little.
IN_PASSING = "Of the many things that were said here one is LoRA, and the rest is of no interest to anybody."


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


def paper(name: str, **more: object) -> Paper:
    given_: dict[str, object] = {
        "id": PaperId(f"test:{name}"),
        "title": name,
        "url": "https://example.org/",
        "published": MONDAY,
        **more,
    }
    return Paper(**given_)  # type: ignore[arg-type]  # the fields are named by the tests


def listed(day: date, *papers: Paper, seen: datetime | None = None, source: str = "HF") -> list[Listing]:
    first_seen = seen or at(day, 5)
    return [Listing(source=source, day=day, paper=each, first_seen=first_seen) for each in papers]


def revised(day: date, of: Paper, version: int, *, seen: datetime | None = None) -> RevisionListing:
    first_seen = seen or at(day, 5)
    return RevisionListing(source="arXiv", day=day, paper=of, first_seen=first_seen, version=version)


def batch(day: date, state: BatchState = BatchState.FRESH, source: str = "HF") -> BatchRecord:
    return BatchRecord(
        source=source, day=day, state=state, papers=1, new=1, reason="", etag=None, fetched_at=at(day, 5)
    )


def had_on(day: date, *papers: Paper, first: date | None = None) -> Past:
    return Past(
        first_day=first or day,
        last_day=day,
        planned_at=at(day, 6),
        had=frozenset(each.id for each in papers),
    )


def digest(
    listings: list[Listing],
    *,
    reader: Subscriber = ADA,
    past: Past | None = None,
    day: date = TUESDAY,
    batches: tuple[BatchRecord, ...] = (),
    revisions: tuple[RevisionListing, ...] = (),
) -> Digest:
    readers = [Reader(subscriber=reader, past=past or Past())]
    made = Issue(day, readers, listings=listings, batches=batches, revisions=revisions).digests()
    return next(made)


def titles(made: Digest, section: Section | None = None) -> list[str]:
    return [pick.paper.title for pick in made.picks if section in (None, pick.section)]
