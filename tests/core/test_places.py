"""Who gets the places of a digest, and what is said to the others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.days import ADA, IN_PASSING, TUESDAY, digest, listed, paper, titles

from paperround.digests import Bar, Digest, Hindrance, Pick, Section
from paperround.keywords import keyword
from paperround.likeness import NEAR_DUPLICATE, Likeness
from paperround.papers import Paper, PaperId
from paperround.places import UNLIKE
from paperround.selection import TITLE_LINES
from paperround.subscribers import Interests, Subscriber

# Five topics in words of their own.
TOPICS = [
    " ".join(f"{word}{topic}" for word in ("alder", "birch", "cedar", "dogwood", "elm", "fir", "gorse"))
    for topic in "vwxyz"
]


def hindrances(made: Digest) -> dict[str, Hindrance | None]:
    return {pick.paper.title: pick.hindrance for pick in made.titles}


def test_a_work_told_twice_has_one_place_and_a_title_line() -> None:
    told = paper("LoRA one", abstract=f"LoRA {TOPICS[0]} {TOPICS[1]}")
    again = paper("One LoRA", abstract=f"{TOPICS[1]} {TOPICS[0]}")
    made = digest(listed(TUESDAY, told, again), reader=replace(ADA, variety=0))
    assert titles(made) == ["LoRA one"]
    hindrance = hindrances(made)["One LoRA"]
    assert hindrance is not None
    assert (hindrance.bar, hindrance.by) == (Bar.TWIN, (told.id,))
    assert made.titles[0].reasons[0].startswith("it tells much the same as “LoRA one” (test:LoRA one)")


def test_a_twin_of_what_everybody_reads_has_no_place_beside_it_either() -> None:
    told = paper("LoRA", abstract=f"LoRA {TOPICS[0]} {TOPICS[1]}", votes=9)
    again = paper("Something", abstract=f"{TOPICS[0]} {TOPICS[1]}", votes=90)
    others = [paper(f"Other {n}", votes=1) for n in range(4)]
    made = digest(listed(TUESDAY, told, again, *others), reader=replace(ADA, trending=2))
    assert titles(made) == ["LoRA"]


def test_all_papers_of_a_followed_author_come_even_where_they_are_alike() -> None:
    reader = replace(ADA, interests=Interests(authors=("Ann Other",)), max_papers=1)
    parts = [paper(f"Part {n}", abstract=f"{TOPICS[0]} {TOPICS[1]}", authors=("Ann Other",)) for n in (1, 2)]
    assert len(titles(digest(listed(TUESDAY, *parts), reader=reader), Section.AUTHORS)) == 2


VARIED = [
    paper("LoRA and LoRA", abstract=f"LoRA LoRA {TOPICS[0]} {TOPICS[1]}"),
    paper("LoRA, near the first", abstract=f"LoRA {TOPICS[0]} {TOPICS[2]}"),
    paper("LoRA, elsewhere", abstract=TOPICS[3]),
]


def test_without_variety_the_most_relevant_have_the_places() -> None:
    made = digest(listed(TUESDAY, *VARIED), reader=replace(ADA, max_papers=2, variety=0))
    assert titles(made) == ["LoRA and LoRA", "LoRA, near the first"]
    hindrance = hindrances(made)["LoRA, elsewhere"]
    assert hindrance is not None
    assert hindrance.bar is Bar.NO_ROOM
    assert hindrance.by == (VARIED[0].id, VARIED[1].id)
    assert hindrance.short_by == pytest.approx(made.picks[1].relevance - made.titles[0].relevance, abs=1e-3)


def test_with_variety_a_place_goes_to_what_is_unlike_the_others() -> None:
    made = digest(listed(TUESDAY, *VARIED), reader=replace(ADA, max_papers=2, variety=0.5))
    assert titles(made) == ["LoRA and LoRA", "LoRA, elsewhere"]
    hindrance = hindrances(made)["LoRA, near the first"]
    assert hindrance is not None
    assert (hindrance.bar, hindrance.by) == (Bar.VARIETY, (VARIED[0].id,))


def test_papers_with_no_more_than_their_field_in_common_do_not_crowd_each_other_out() -> None:
    near = [paper(f"LoRA {n}", abstract=TOPICS[n]) for n in range(3)]
    weak = paper("On", abstract=f"LoRA {TOPICS[4]}")
    known = Likeness([*near, weak], known=[*near, weak])
    assert 0 < max(known.to(0)[1:]) < UNLIKE
    made = digest(listed(TUESDAY, *near, weak), reader=replace(ADA, max_papers=3, variety=0.9))
    assert set(titles(made)) == {each.title for each in near}
    hindrance = hindrances(made)["On"]
    assert hindrance is not None
    assert hindrance.bar is Bar.NO_ROOM


def test_with_all_variety_relevance_decides_about_the_first_place_alone() -> None:
    weak = paper("Weak", abstract=f"LoRA {TOPICS[4]}")
    reader = replace(ADA, max_papers=2, variety=1)
    made = digest(listed(TUESDAY, VARIED[0], VARIED[1], weak), reader=reader)
    assert titles(made) == ["LoRA and LoRA", "Weak"]


def test_variety_brings_nothing_below_the_threshold() -> None:
    weak = paper("Weak", abstract=f"LoRA {TOPICS[4]}")
    reader = replace(ADA, variety=1, min_relevance=0.4, max_papers=2)
    made = digest(listed(TUESDAY, VARIED[0], weak), reader=reader)
    assert titles(made) == ["LoRA and LoRA"]


def test_a_keyword_has_no_more_places_than_its_quota() -> None:
    interests = Interests(keywords=(replace(keyword("LoRA", weight=3), at_most=2), keyword("speech")))
    papers = [*(paper(f"LoRA {n}") for n in range(4)), paper("Speech in LoRA"), paper("On speech")]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, interests=interests, variety=0))
    assert titles(made) == ["Speech in LoRA", "LoRA 0", "On speech"]
    assert [each and (each.bar, each.keyword) for each in hindrances(made).values()] == [
        (Bar.QUOTA, "LoRA")
    ] * 3
    assert made.titles[0].hindrance is not None
    assert made.titles[0].hindrance.by == ("test:Speech in LoRA", "test:LoRA 0")


def test_a_paper_beyond_a_quota_does_not_come_as_trending() -> None:
    interests = Interests(keywords=(replace(keyword("LoRA"), at_most=1),))
    papers = [
        paper("LoRA", abstract="LoRA", votes=0),
        paper("LoRA too", votes=90),
        paper("Other", votes=50),
        paper("Another", votes=0),
    ]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, interests=interests, trending=2))
    assert titles(made) == ["LoRA", "Other"]
    assert titles(digest(listed(TUESDAY, *papers), reader=replace(ADA, trending=2)))[1] == "LoRA too"


def test_nothing_that_few_read_fills_the_places_for_what_everybody_reads() -> None:
    papers = [paper(f"Other {n}", votes=n) for n in range(10)]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, trending=8))
    assert titles(made) == ["Other 9", "Other 8", "Other 7", "Other 6", "Other 5"]


def test_more_places_for_what_everybody_reads_than_there_are_bring_no_more_papers() -> None:
    papers = [paper(f"Other {n}", votes=n) for n in range(10)]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, trending=3, max_papers=2))
    assert titles(made) == ["Other 9", "Other 8"]


def test_what_is_relevant_and_read_by_many_takes_one_place() -> None:
    papers = [paper(f"LoRA {n}", abstract="LoRA", votes=0) for n in range(2)]
    papers += [
        paper("Among the many words of this title stands LoRA", votes=9),
        paper("Weak", abstract=IN_PASSING, votes=0),
    ]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, variety=0, max_papers=4, trending=2))
    assert titles(made) == ["LoRA 0", "LoRA 1", "Weak", papers[2].title]


def test_where_followed_authors_have_all_places_the_relevant_are_told_so() -> None:
    interests = replace(ADA.interests, authors=("Ann Other",))
    papers = [paper("Unheard of", authors=("Ann Other",)), paper("LoRA")]
    made = digest(listed(TUESDAY, *papers), reader=replace(ADA, interests=interests, max_papers=1))
    assert titles(made) == ["Unheard of"]
    assert hindrances(made) == {"LoRA": Hindrance(bar=Bar.NO_ROOM)}
    assert made.titles[0].reasons[0] == "no room was left by the papers that come first"


@st.composite
def readers(draw: st.DrawFn) -> Subscriber:
    quota = draw(st.none() | st.integers(min_value=1, max_value=3))
    words = (replace(keyword("LoRA", weight=2), at_most=quota), keyword("speech"))
    return replace(
        ADA,
        interests=Interests(keywords=words, exclude=(keyword("survey"),), authors=("Ann Other",)),
        max_papers=draw(st.integers(min_value=1, max_value=6)),
        min_relevance=draw(st.sampled_from([0.0, 0.5, 0.7])),
        variety=draw(st.sampled_from([0.0, 0.3, 1.0])),
        trending=draw(st.integers(min_value=0, max_value=3)),
    )


@st.composite
def papers(draw: st.DrawFn) -> list[Paper]:
    made = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["LoRA", "speech", "speech by LoRA", "a survey of LoRA", "whales"]),
                st.sets(st.sampled_from(TOPICS), min_size=2, max_size=3),
                st.sampled_from(["", "LoRA", "speech"]),
                st.integers(min_value=0, max_value=20),
                st.sampled_from(["Ann Other", "", "", ""]),
            ),
            max_size=20,
        )
    )
    return [
        paper(f"{title} {n}", abstract=f"{more} {' '.join(sorted(topics))}", votes=votes, authors=(author,))
        for n, (title, topics, more, votes, author) in enumerate(made)
    ]


@given(readers(), papers())
def test_the_laws_of_places(reader: Subscriber, offered: list[Paper]) -> None:
    made = digest(listed(TUESDAY, *offered), reader=reader)
    shown = [*made.picks, *made.titles]
    followed = [pick for pick in made.picks if pick.section is Section.AUTHORS]
    assert len(made.picks) <= max(reader.max_papers, len(followed))
    assert len(made.titles) <= TITLE_LINES
    assert len({pick.paper.id for pick in shown}) == len(shown)
    assert made.considered == len(offered) == len(shown) + sum(made.rejected.values())
    chosen = [pick for pick in made.picks if pick.section is Section.FOR_YOU]
    assert all(pick.relevance >= reader.min_relevance for pick in (*chosen, *made.titles))
    assert [pick.relevance for pick in chosen] == sorted((p.relevance for p in chosen), reverse=True)
    assert all(pick.hindrance is None for pick in made.picks)
    _check_hindrances(made, chosen)
    _check_quota(reader, made)
    _check_twins(made, offered)


def _check_hindrances(made: Digest, chosen: list[Pick]) -> None:
    """What would have had a place for its relevance says why it has none, and by which paper."""
    picked = {pick.paper.id for pick in made.picks}
    least = min((pick.relevance for pick in chosen), default=1.0)
    for line in made.titles:
        assert line.hindrance is not None
        assert picked.issuperset(line.hindrance.by)
        if line.hindrance.bar is Bar.NO_ROOM:
            assert line.relevance <= least or not chosen
        if made.subscriber.variety == 0:
            assert line.hindrance.bar is not Bar.VARIETY


def _check_quota(reader: Subscriber, made: Digest) -> None:
    quota = reader.interests.keywords[0].at_most
    placed = [pick for pick in made.picks if pick.section is not Section.AUTHORS]
    foremost = [pick for pick in placed if pick.matched and pick.matched[0].term == "LoRA"]
    assert quota is None or len(foremost) <= quota


def _check_twins(made: Digest, offered: list[Paper]) -> None:
    """No two picks tell the same, unless their author is followed, whose papers all come."""
    likeness = Likeness(offered, known=offered)
    position: dict[PaperId, int] = {each.id: at for at, each in enumerate(offered)}
    for pick in made.picks:
        if pick.section is Section.AUTHORS:
            continue
        others = [position[each.paper.id] for each in made.picks if each is not pick]
        assert all(likeness.to(position[pick.paper.id])[others] < NEAR_DUPLICATE + 1e-6)
