"""Which papers a reader gets."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.days import (
    ADA,
    IN_PASSING,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    batch,
    digest,
    had_on,
    listed,
    paper,
    revised,
    titles,
)

from paperround.batches import BatchState
from paperround.digests import Bar, Digest, Section
from paperround.issue import (
    ALL_HAD,
    AWAY,
    NO_ANNOUNCEMENT,
    NOTHING_MATCHED,
    NOTHING_READ,
    PAUSED,
    PAUSED_BY_READER,
    UNCHANGED,
    UNREADABLE,
    Issue,
    Reader,
    days_away,
    silence,
)
from paperround.judging import Rejection
from paperround.keywords import keyword
from paperround.ports import RESTS, Past
from paperround.selection import TITLE_LINES, offer
from paperround.subscribers import EVERY_DAY, Cadence, Every, Interests, Subscriber

SUNDAY = MONDAY - timedelta(days=1)
TRENDING = replace(ADA, interests=Interests(), trending=2)

# What is new to a reader


def test_the_first_digest_holds_the_newest_batch_of_each_source() -> None:
    listings = [
        *listed(MONDAY, paper("old")),
        *listed(TUESDAY, paper("new")),
        *listed(MONDAY, paper("other"), source="blog"),
    ]
    offered = offer(listings, [], day=TUESDAY, past=Past())
    assert offered.announced.keys() == {"test:new", "test:other"}
    assert not offered.late


def test_the_first_weekly_digest_holds_a_week() -> None:
    listings = [*listed(MONDAY, paper("a")), *listed(MONDAY - timedelta(days=8), paper("too old"))]
    offered = offer(listings, [], day=TUESDAY, past=Past(), reach=timedelta(days=7))
    assert offered.announced.keys() == {"test:a"}


def test_the_first_digest_of_who_reads_every_few_days_holds_these_days() -> None:
    every = replace(ADA, days=EVERY_DAY, every=Every(number=3, since=TUESDAY))
    listings = [each for n in range(5) for each in listed(TUESDAY - timedelta(n), paper(f"LoRA {n}"))]
    reader = Reader(subscriber=every, past=Past())
    (made,) = Issue(TUESDAY, [reader], listings=listings, batches=[]).digests()
    assert {pick.paper.title for pick in made.picks} == {"LoRA 0", "LoRA 1", "LoRA 2"}


@pytest.mark.parametrize(
    ("reader", "back", "rested", "days"),
    [
        (ADA, 12, range(1, 12), 12),
        (ADA, 40, range(1, 15), 14),
        (ADA, 8, (4,), 8),
        (ADA, 7, range(1, 7), 0),  # no more than a week
        (ADA, 12, (), 0),  # a silence of another kind
        (ADA, 9, (9, 10, 11), 0),  # a pause before the digest that was the last
        (replace(ADA, days=frozenset({1}), cadence=Cadence.WEEKLY), 14, range(1, 7), 0),  # none was due in it
        (replace(ADA, days=frozenset({1}), cadence=Cadence.WEEKLY), 14, range(5, 9), 14),
        (replace(ADA, days=EVERY_DAY, every=Every(number=14, since=TUESDAY)), 14, range(1, 14), 0),
        (replace(ADA, days=EVERY_DAY, every=Every(number=14, since=TUESDAY)), 28, range(1, 15), 14),
    ],
)
def test_a_digest_says_of_how_many_days_it_is_where_a_pause_kept_it_back(
    reader: Subscriber, back: int, rested: Collection[int], days: int
) -> None:
    past = replace(
        had_on(TUESDAY - timedelta(days=back)), rested=frozenset(TUESDAY - timedelta(days=n) for n in rested)
    )
    listings = listed(TUESDAY, paper("LoRA"))
    (made,) = Issue(TUESDAY, [Reader(subscriber=reader, past=past)], listings=listings, batches=[]).digests()
    assert made.days_away == days


def test_a_first_digest_makes_up_for_no_absence() -> None:
    past = Past(first_day=TUESDAY - timedelta(days=12), rested=frozenset({MONDAY}))
    assert days_away(Reader(subscriber=ADA, past=past), TUESDAY) == 0


def test_each_pause_is_known_by_how_its_reason_begins() -> None:
    assert PAUSED.startswith(RESTS)
    assert PAUSED_BY_READER.startswith(RESTS)
    assert AWAY.startswith(RESTS)


def test_the_next_digest_holds_what_was_announced_since() -> None:
    listings = [*listed(MONDAY, paper("old")), *listed(TUESDAY, paper("new"))]
    offered = offer(listings, [], day=TUESDAY, past=had_on(MONDAY))
    assert offered.announced == {"test:new": TUESDAY}


def test_what_is_fetched_before_an_earlier_digest_is_planned_is_not_lost() -> None:
    listings = [*listed(TUESDAY, paper("a"), seen=at(MONDAY, 1)), *listed(WEDNESDAY, paper("b"))]
    offered = offer(listings, [], day=TUESDAY, past=had_on(MONDAY))
    assert offered.announced.keys() == {"test:a"}


def test_what_a_list_gained_after_the_digest_comes_late_with_its_day() -> None:
    listings = [
        *listed(MONDAY, paper("seen in time"), seen=at(MONDAY, 5)),
        *listed(MONDAY, paper("late"), seen=at(TUESDAY, 5)),
        *listed(TUESDAY, paper("new")),
    ]
    offered = offer(listings, [], day=TUESDAY, past=had_on(MONDAY))
    assert offered.announced == {"test:late": MONDAY, "test:new": TUESDAY}
    assert offered.late == {"test:late"}


def test_nothing_from_before_the_first_digest_comes_late() -> None:
    listings = listed(MONDAY, paper("older"), seen=at(WEDNESDAY, 1))
    assert not offer(listings, [], day=WEDNESDAY, past=had_on(TUESDAY)).announced


def test_where_the_day_begins_before_the_announcement_nothing_is_late() -> None:
    """In Tokyo the newest announcement always bears yesterday's date."""
    listings = [
        *listed(MONDAY, paper("before"), seen=at(MONDAY, 5)),
        *listed(TUESDAY, paper("new"), seen=at(TUESDAY, 22)),
    ]
    past = Past(first_day=MONDAY, last_day=TUESDAY, planned_at=at(MONDAY, 22))
    offered = offer(listings, [], day=WEDNESDAY, past=past)
    assert offered.announced.keys() == {"test:new"}
    assert not offered.late


def test_a_paper_that_a_source_lists_again_is_not_new_again() -> None:
    again = paper("again")
    listings = [*listed(MONDAY, again), *listed(TUESDAY, again)]
    assert not offer(listings, [], day=TUESDAY, past=had_on(MONDAY)).announced


def test_a_paper_that_another_source_lists_is_new_unless_it_was_sent() -> None:
    both = paper("LoRA")
    listings = [*listed(MONDAY, both, source="arXiv"), *listed(TUESDAY, both)]
    assert titles(digest(listings, past=had_on(MONDAY))) == ["LoRA"]
    sent = digest(listings, past=had_on(MONDAY, both))
    assert not sent.picks
    assert sent.rejected == {Rejection.HAD: 1}


# What is chosen


def test_a_threshold_comes_before_quantity() -> None:
    listings = listed(TUESDAY, paper("LoRA"), paper("weak", abstract=IN_PASSING), paper("nothing"))
    made = digest(listings, reader=replace(ADA, min_relevance=0.4))
    assert titles(made) == ["LoRA"]
    assert made.rejected == {Rejection.TOO_WEAK: 1, Rejection.NOT_MET: 1}


def test_what_does_not_fit_becomes_a_title_line_and_then_a_number() -> None:
    many = [paper(f"LoRA {n:02}") for n in range(5 + TITLE_LINES)]
    made = digest(listed(TUESDAY, *many), reader=replace(ADA, max_papers=3))
    assert len(made.picks) == 3
    assert len(made.titles) == TITLE_LINES
    assert made.rejected == {Bar.NO_ROOM: 2}


def test_an_excluded_word_wins_over_every_interest() -> None:
    interests = replace(ADA.interests, exclude=(keyword("survey"),), authors=("Ann Other",))
    listings = listed(
        TUESDAY,
        paper("LoRA: a survey", votes=900, authors=("Ann Other",)),
        paper("LoRA"),
    )
    assert titles(digest(listings, reader=replace(ADA, interests=interests, trending=1))) == ["LoRA"]


def test_a_followed_author_comes_whatever_the_relevance_and_says_so() -> None:
    reader = replace(ADA, interests=Interests(authors=("Ann Other",)), min_relevance=1.0)
    made = digest(listed(TUESDAY, paper("Unheard of", authors=("Ann Other",))), reader=reader)
    assert titles(made, Section.AUTHORS) == ["Unheard of"]
    assert made.picks[0].reasons[0] == "By Ann Other, whom you follow"


def test_places_for_what_everybody_reads_lie_within_the_number_of_papers() -> None:
    matching = [paper(f"LoRA {n}", votes=1) for n in range(5)]
    popular = [paper(f"Popular {n}", votes=100 + n) for n in range(4)]
    reader = replace(ADA, max_papers=4, trending=2)
    made = digest(listed(TUESDAY, *matching, *popular), reader=reader)
    assert len(titles(made, Section.FOR_YOU)) == 2
    assert titles(made, Section.TRENDING) == ["Popular 3", "Popular 2"]


def test_places_for_what_everybody_reads_are_not_wasted_on_a_day_without_votes() -> None:
    matching = [paper(f"LoRA {n}") for n in range(5)]
    made = digest(listed(TUESDAY, *matching), reader=replace(ADA, max_papers=4, trending=2))
    assert len(titles(made, Section.FOR_YOU)) == 4


def test_a_reader_without_interests_has_what_everybody_reads_and_the_rest_is_outvoted() -> None:
    votes = [paper(f"Paper {n}", votes=n) for n in range(9)]
    made = digest(listed(TUESDAY, *votes, paper("LoRA")), reader=TRENDING)
    assert titles(made, Section.TRENDING) == ["Paper 8", "Paper 7"]
    assert made.rejected == {Rejection.OUTVOTED: 8}


def test_what_was_read_by_many_before_does_not_come_again() -> None:
    votes = [paper(f"Paper {n}", votes=n) for n in range(9)]
    listings = [*listed(MONDAY, votes[8], source="arXiv"), *listed(TUESDAY, *votes)]
    made = digest(listings, reader=TRENDING, past=had_on(MONDAY, votes[8]))
    assert titles(made) == ["Paper 7", "Paper 6"]
    assert made.rejected == {Rejection.OUTVOTED: 7}


def test_a_late_paper_stands_in_its_own_section() -> None:
    listings = [
        *listed(MONDAY, paper("LoRA, late"), seen=at(TUESDAY, 5)),
        *listed(TUESDAY, paper("LoRA")),
    ]
    made = digest(listings, past=had_on(MONDAY))
    assert titles(made, Section.LATE) == ["LoRA, late"]
    assert made.picks[-1].announced == MONDAY
    assert "Arrived after your last digest" in made.picks[-1].reasons


# Why there is silence


def test_silence_has_a_reason() -> None:
    assert silence(digest(listed(TUESDAY, paper("LoRA")))) is None
    assert silence(digest(listed(TUESDAY, paper("nothing")))) == NOTHING_MATCHED
    sent = paper("LoRA")
    listings = [*listed(MONDAY, sent, source="arXiv"), *listed(TUESDAY, sent)]
    assert silence(digest(listings, past=had_on(MONDAY, sent))) == ALL_HAD
    unmet = paper("nothing")
    listings = [*listed(MONDAY, unmet, source="arXiv"), *listed(TUESDAY, unmet)]
    assert silence(digest(listings, past=had_on(MONDAY, unmet))) == NOTHING_MATCHED
    assert silence(digest(listed(TUESDAY, paper("unread")), reader=TRENDING)) == NOTHING_READ
    assert silence(digest([], batches=(batch(TUESDAY, BatchState.QUIET),))) == NO_ANNOUNCEMENT
    failed = (batch(TUESDAY, BatchState.FAILED), batch(TUESDAY, BatchState.QUIET, source="blog"))
    assert silence(digest([], batches=failed)) == UNREADABLE
    stale = (batch(TUESDAY, BatchState.STALE), batch(TUESDAY, BatchState.QUIET, source="blog"))
    assert silence(digest([], batches=stale)) == UNCHANGED


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["LoRA", "robots", "a survey of LoRA", "speech"]),
            st.integers(min_value=0, max_value=9),
            st.sampled_from([MONDAY, TUESDAY]),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.integers(min_value=1, max_value=8),
    st.integers(min_value=0, max_value=4),
)
def test_every_offered_paper_is_shown_or_counted_and_none_had_before_comes_again(
    made_of: list[tuple[str, int, date, bool]], places: int, trending: int
) -> None:
    papers = [
        (paper(f"{title} {n}", votes=votes), day, had) for n, (title, votes, day, had) in enumerate(made_of)
    ]
    listings = [each for known, day, _ in papers for each in listed(day, known)]
    past = had_on(MONDAY, *(known for known, _, had in papers if had))
    interests = replace(ADA.interests, exclude=(keyword("survey"),))
    reader = replace(ADA, max_papers=places, trending=trending, interests=interests)
    made = digest(listings, reader=reader, past=past)
    shown = [pick.paper.id for pick in (*made.picks, *made.titles)]
    assert len(made.picks) <= places
    assert len(set(shown)) == len(shown)
    assert past.had.isdisjoint(shown)
    assert made.considered == len(shown) + sum(made.rejected.values())


def test_a_score_does_not_depend_on_who_else_reads() -> None:
    listings = [
        *(each for n in range(200) for each in listed(MONDAY, paper(f"LoRA {n}"))),
        *listed(TUESDAY, paper("LoRA new")),
    ]
    ada = Reader(subscriber=ADA, past=had_on(MONDAY))
    weekly = Reader(
        subscriber=replace(ADA, address="weekly@example.org", cadence=Cadence.WEEKLY), past=Past()
    )
    alone = next(Issue(TUESDAY, [ada], listings=listings, batches=[]).digests())
    beside = next(Issue(TUESDAY, [ada, weekly], listings=listings, batches=[]).digests())
    assert alone.picks == beside.picks


def test_a_digest_names_every_batch_that_brought_something_and_none_that_brought_nothing() -> None:
    listings = [
        *listed(MONDAY, paper("old"), source="blog"),
        *listed(MONDAY, paper("late"), seen=at(TUESDAY, 5)),
        *listed(TUESDAY, paper("new")),
    ]
    batches = (
        batch(MONDAY, source="blog"),
        batch(TUESDAY, BatchState.QUIET, source="blog"),
        batch(MONDAY),
        batch(TUESDAY),
    )
    made = digest(listings, past=had_on(MONDAY), batches=batches)
    assert {(each.source, each.day) for each in made.batches} == {
        ("blog", TUESDAY),
        ("HF", MONDAY),
        ("HF", TUESDAY),
    }


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["LoRA", "robots", "speech"]), min_size=1, unique=True),
            st.sampled_from([None, MONDAY, SUNDAY]),
            st.integers(min_value=0, max_value=23),
            st.booleans(),
        ),
        min_size=1,
        max_size=9,
    ),
    st.integers(min_value=1, max_value=9),
)
def test_a_digest_does_not_depend_on_how_many_readers_are_ranked_for_in_one_go(
    wanted: list[tuple[list[str], date | None, int, bool]], at_once: int
) -> None:
    papers = [paper(f"{about} {n}") for about in ("LoRA for robots", "Speech", "Robots") for n in range(4)]
    listings = [
        *(each for one in papers[::3] for each in listed(SUNDAY, one)),
        *(each for one in papers[1::3] for each in listed(MONDAY, one, seen=at(MONDAY, 12))),
        *(each for one in papers[2::3] for each in listed(TUESDAY, one)),
    ]
    updated = [revised(TUESDAY, papers[0], 2)]
    readers = [
        Reader(
            subscriber=replace(
                ADA,
                address=f"{n}@example.org",
                updates=updates,
                interests=Interests(keywords=tuple(map(keyword, words))),
            ),
            past=replace(had_on(last, papers[0]), planned_at=at(last, hour)) if last else Past(),
        )
        for n, (words, last, hour, updates) in enumerate(wanted)
    ]

    def made(some: list[Reader], at_once: int) -> list[Digest]:
        issue = Issue(TUESDAY, some, listings=listings, batches=[], revisions=updated, at_once=at_once)
        return list(issue.digests())

    everybody = made(readers, at_once)
    assert everybody == made(readers, len(readers))
    assert everybody == [each for reader in readers for each in made([reader], 1)]


class Overtaken:
    """A reader of whom a mail comes back between the first look and the second."""

    def __init__(self, *pasts: Past) -> None:
        self._pasts = list(pasts)

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Reader]:
        yield Reader(subscriber=replace(ADA, updates=True), past=self._pasts.pop(0))


def test_what_comes_to_be_news_while_the_readers_are_gone_through_waits_for_the_next_digest() -> None:
    before, new = paper("LoRA before"), paper("LoRA new")
    listings = [*listed(MONDAY, before), *listed(TUESDAY, new)]
    past = had_on(MONDAY)
    missing = replace(past, missed=frozenset({before.id}))
    updated = [revised(TUESDAY, before, 2)]
    for later in (missing, had_on(MONDAY, before)):
        readers = Overtaken(past, later)
        (made,) = Issue(TUESDAY, readers, listings=listings, batches=[], revisions=updated).digests()
        assert titles(made) == ["LoRA new"]
