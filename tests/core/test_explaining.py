"""What became of a paper that was not shown in full."""

import re
from dataclasses import replace
from datetime import datetime

import pytest
from tests.fakes.days import ADA, IN_PASSING, MONDAY, TUESDAY, at, had_on, listed, paper, revised
from tests.fakes.ledger import MemoryLedger

from paperround.digests import Bar
from paperround.explaining import Absence, Fate, Obstacle, Sending, fate, recorded_fate, sendings
from paperround.issue import Issue, Reader
from paperround.judging import Rejection
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ports import DeliveryRecord, Listing, Past, Plan, RevisionListing, Status
from paperround.subscribers import Interests, Subscriber

MORNING = at(TUESDAY, 5)
EXCLUDING = replace(ADA, interests=replace(ADA.interests, exclude=(keyword("medical imaging"),)))


def entered(issue: Issue) -> DeliveryRecord:
    """Enter the issue's only digest in a ledger, and return its row."""
    (digest,) = issue.digests()
    ledger = MemoryLedger()
    (subscriber,) = ledger.enrol([digest.subscriber.address], now=at(digest.day, 6)).values()
    plan = Plan(
        subscriber=subscriber,
        day=digest.day,
        status=Status.PLANNED,
        digest=digest,
        message_id="<1@example.org>",
        message=b"x",
    )
    ledger.plan([plan], now=at(digest.day, 6))
    return ledger.rows()[0]


def told(
    name: str,
    listings: list[Listing],
    *,
    reader: Subscriber = ADA,
    past: Past | None = None,
    revisions: tuple[RevisionListing, ...] = (),
    seen: datetime | None = MORNING,
    sent: dict[PaperId, Sending] | None = None,
) -> Fate:
    """Return the fate of the paper of that name, by the ledger or by a second look."""
    readers = [Reader(subscriber=reader, past=past or Past())]
    issue = Issue(TUESDAY, readers, listings=listings, batches=[], revisions=revisions)
    identity = PaperId(f"test:{name}")
    record = entered(issue)
    return recorded_fate(record, identity) or fate(record, issue, identity, seen=seen, sent=sent or {})


def obstacle(of: Fate) -> Obstacle:
    assert not of.picked
    assert of.obstacle is not None
    return of.obstacle


def test_an_excluded_paper_names_the_word_and_where_it_stands() -> None:
    held = paper("LoRA", abstract="For medical imaging.", keywords=("medical-imaging",))
    found = told("LoRA", listed(TUESDAY, held), reader=EXCLUDING)
    words = "holds “medical imaging”, which is excluded, in its abstract and keywords"
    assert found.reasons == (words,)
    where = ("abstract", "keywords")
    assert obstacle(found) == Obstacle(cause=Rejection.EXCLUDED, word="medical imaging", where=where)


def test_a_paper_below_the_threshold_says_by_how_much() -> None:
    reader = replace(ADA, min_relevance=0.5)
    found = told("weak", listed(TUESDAY, paper("weak", abstract="LoRA")), reader=reader)
    assert found.relevance is not None
    short_by = 0.5 - found.relevance
    assert obstacle(found).cause is Rejection.TOO_WEAK
    assert obstacle(found).short_by == pytest.approx(short_by, abs=1e-3)
    assert f"is {short_by:.2f} below min_relevance, 0.50" in found.reasons[0]


def test_a_paper_that_meets_nothing_says_so() -> None:
    assert obstacle(told("whales", listed(TUESDAY, paper("whales")))).cause is Rejection.NOT_MET


def test_what_only_resembles_says_so() -> None:
    about = [paper(f"LoRA {n}", abstract="Adapters of low rank tune models.") for n in range(9)]
    like = paper("like", abstract="Adapters of low rank tune models.")
    others = [paper(f"Other {n}", abstract=f"Whale {n} sings.") for n in range(30)]
    words = told("like", listed(TUESDAY, *about, like, *others)).reasons[0]
    assert words.startswith("none of the interests occurs in it; it only resembles papers that meet one, ")


def test_what_was_outvoted_says_by_what() -> None:
    reader = replace(ADA, interests=Interests(), trending=1)
    listings = listed(TUESDAY, *(paper(f"Paper {n}", votes=10 * n) for n in range(10)), paper("uncounted"))
    found = told("Paper 7", listings, reader=reader)
    place, winner = found.reasons[0].split("; ")
    assert place == "more votes (70) than 70 % of its list"
    assert winner.endswith("read by many went to “Paper 9” (test:Paper 9), with more than 90 %")
    assert obstacle(found) == Obstacle(cause=Rejection.OUTVOTED, by=(PaperId("test:Paper 9"),))
    assert "10 votes, fewer than half" in told("Paper 1", listings, reader=reader).reasons[0]
    assert "nobody counts votes" in told("uncounted", listings, reader=reader).reasons[0]
    full = replace(ADA, trending=1, max_papers=1, interests=Interests(authors=("Ann Other",)))
    followed = listed(TUESDAY, paper("followed", authors=("Ann Other",)))
    words = told("Paper 9", [*listings, *followed], reader=full).reasons[0]
    assert words.endswith("but no place was left for what is read by many")


def test_what_is_popular_and_the_twin_of_a_paper_shown_is_not_called_outvoted() -> None:
    words = " ".join(f"alder{n} birch{n}" for n in range(12))
    papers = [
        paper("Tale", votes=99, abstract=words),
        paper("Told again", votes=90, abstract=words),
        *(paper(f"Whale {n}", votes=n) for n in range(8)),
    ]
    reader = replace(ADA, interests=Interests(), trending=2)
    found = told("Told again", listed(TUESDAY, *papers), reader=reader)
    assert obstacle(found).cause is Bar.TWIN
    assert obstacle(found).by == ("test:Tale",)


def test_what_is_popular_and_too_weak_says_how_weak() -> None:
    papers = [paper("LoRA", votes=50), *(paper(f"Whale {n}", votes=60 + n) for n in range(4))]
    more = [paper(f"Unread {n}", votes=0) for n in range(9)]
    reader = replace(ADA, trending=1, min_relevance=0.95)
    found = told("LoRA", listed(TUESDAY, *papers, *more), reader=reader)
    assert "below min_relevance" in found.reasons[0]


def test_a_title_line_says_what_crowded_it_out_as_it_was_recorded() -> None:
    papers = [paper("LoRA", abstract="LoRA"), paper("LoRA too")]
    found = told("LoRA too", listed(TUESDAY, *papers), reader=replace(ADA, max_papers=1))
    assert found.section == "more"
    assert obstacle(found).cause is Bar.NO_ROOM
    assert obstacle(found).by == ("test:LoRA",)
    first, *others = found.reasons
    assert first.startswith("listed by its title; no room: 1 paper came first, the last of them “LoRA” ")
    assert ", more relevant by 0." in first
    assert others


def test_what_is_not_even_a_title_line_says_what_crowded_it_out() -> None:
    papers = [*(paper(f"LoRA {n}") for n in range(13)), paper("Weak", abstract=IN_PASSING)]
    found = told("Weak", listed(TUESDAY, *papers), reader=replace(ADA, max_papers=2, min_relevance=0))
    assert obstacle(found).cause is Bar.NO_ROOM
    assert found.reasons[0].startswith("no room: 2 papers came first, the last of them “LoRA ")


def test_of_equals_no_one_is_called_more_relevant() -> None:
    papers = [paper("LoRA 1"), paper("LoRA 2")]
    found = told("LoRA 2", listed(TUESDAY, *papers), reader=replace(ADA, max_papers=1))
    assert found.reasons[0].endswith("“LoRA 1” (test:LoRA 1), as relevant")


def test_a_paper_sent_before_says_when_and_how() -> None:
    again = paper("LoRA")
    listings = [*listed(MONDAY, again, source="arXiv"), *listed(TUESDAY, again, paper("LoRA too"))]
    past = had_on(MONDAY, again)
    found = told("LoRA", listings, past=past, sent={again.id: Sending(day=MONDAY, line=True)})
    assert found.reasons == ("already sent on 15 June 2026, by its title",)
    assert obstacle(found) == Obstacle(cause=Rejection.HAD, sent_on=MONDAY)


def test_a_version_that_is_not_wished_for_is_named() -> None:
    again = paper("LoRA")
    listings = [*listed(MONDAY, again), *listed(TUESDAY, paper("LoRA too"))]
    found = told(
        "LoRA",
        listings,
        past=had_on(MONDAY, again),
        revisions=(revised(TUESDAY, again, 3),),
        sent={again.id: Sending(day=MONDAY, line=False)},
    )
    sent, version, wish = re.split("; |, and ", found.reasons[0])
    assert sent == "already sent on 15 June 2026, in full"
    assert version == "version 3 came on 16 June 2026"
    assert wish == "only `updates: true` would bring it"


def test_an_update_that_was_too_weak_says_so() -> None:
    known = paper("Weak", abstract=IN_PASSING)
    found = told(
        "Weak",
        [*listed(MONDAY, known), *listed(TUESDAY, paper("LoRA"))],
        reader=replace(ADA, updates=True, min_relevance=0.5),
        past=had_on(MONDAY, known),
        revisions=(revised(TUESDAY, known, 2),),
        sent={known.id: Sending(day=MONDAY, line=False)},
    )
    assert obstacle(found).cause is Rejection.TOO_WEAK


def test_what_no_source_announced_or_announced_at_another_time_says_so() -> None:
    listings = [*listed(MONDAY, paper("LoRA")), *listed(TUESDAY, paper("LoRA too"))]
    past = had_on(MONDAY)
    assert obstacle(told("x", listings, past=past, seen=None)).cause is Absence.NOT_ANNOUNCED
    assert obstacle(told("x", listings, past=past, seen=at(TUESDAY, 7))).cause is Absence.LEARNED_OF_LATER
    assert obstacle(told("LoRA", listings, past=past)).cause is Absence.ANNOUNCED_BEFORE


def test_where_no_paper_was_looked_at_that_is_the_reason() -> None:
    assert obstacle(told("LoRA", [])).cause is Absence.NOTHING_CONSIDERED


def test_what_would_come_now_because_interests_changed_says_so() -> None:
    listings = listed(TUESDAY, paper("LoRA"), paper("whales"))
    before = Issue(TUESDAY, [Reader(subscriber=ADA, past=Past())], listings=listings, batches=[])
    changed = replace(ADA, interests=replace(ADA.interests, keywords=(keyword("whales"),)))
    after = Issue(TUESDAY, [Reader(subscriber=changed, past=Past())], listings=listings, batches=[])
    found = fate(entered(before), after, PaperId("test:whales"), seen=at(TUESDAY, 5), sent={})
    assert obstacle(found).cause is Absence.CHANGED


def test_of_several_times_that_a_paper_came_the_latest_is_told() -> None:
    def row(day_of: list[Listing], papers: int) -> DeliveryRecord:
        reader = replace(ADA, max_papers=papers)
        issue = Issue(day_of[0].day, [Reader(subscriber=reader, past=Past())], listings=day_of, batches=[])
        return entered(issue)

    both: list[Paper] = [paper("LoRA", abstract="LoRA"), paper("LoRA too")]
    found = sendings([row(listed(TUESDAY, both[1]), 1), row(listed(MONDAY, *both), 1)])
    assert found == {
        both[0].id: Sending(day=MONDAY, line=False),
        both[1].id: Sending(day=TUESDAY, line=False),
    }
