"""Later versions of papers that a reader had."""

from dataclasses import replace

from tests.fakes.days import ADA, MONDAY, TUESDAY, at, digest, had_on, listed, paper, revised, titles

from paperround.digests import Bar, Section
from paperround.judging import Rejection
from paperround.keywords import keyword

HAD = paper("LoRA, revised")
WISHING = replace(ADA, updates=True)
PAST = had_on(MONDAY, HAD)
BEFORE = listed(MONDAY, HAD)


def test_without_the_wish_nothing_changes() -> None:
    listings = [*BEFORE, *listed(TUESDAY, paper("LoRA"))]
    made = digest(listings, past=PAST, revisions=(revised(TUESDAY, HAD, 2),))
    assert made == digest(listings, past=PAST)


def test_a_new_version_comes_in_its_own_section_with_its_number_and_day() -> None:
    made = digest(BEFORE, reader=WISHING, past=PAST, revisions=(revised(TUESDAY, HAD, 3),))
    assert titles(made, Section.UPDATES) == ["LoRA, revised"]
    (pick,) = made.picks
    assert (pick.version, pick.announced) == (3, TUESDAY)
    assert pick.reasons[0] == "Version 3 of a paper that you had"
    assert made.considered == 1


def test_a_new_version_of_what_the_reader_never_had_does_not_come() -> None:
    other = paper("LoRA, unknown to her")
    made = digest([], reader=WISHING, past=PAST, revisions=(revised(TUESDAY, other, 2),))
    assert made.considered == 0


def test_each_version_comes_once() -> None:
    past = replace(PAST, versions={HAD.id: 2})
    assert not digest([], reader=WISHING, past=past, revisions=(revised(TUESDAY, HAD, 2),)).picks
    assert digest([], reader=WISHING, past=past, revisions=(revised(TUESDAY, HAD, 3),)).picks


def test_what_was_announced_before_the_last_digest_is_no_update() -> None:
    past = had_on(TUESDAY, HAD)
    early, late = revised(MONDAY, HAD, 2), revised(MONDAY, HAD, 2, seen=at(TUESDAY, 7))
    wednesday = TUESDAY.replace(day=17)
    assert not digest([], reader=WISHING, past=past, day=wednesday, revisions=(early,)).considered
    since_monday = replace(past, first_day=MONDAY)
    assert digest([], reader=WISHING, past=since_monday, day=wednesday, revisions=(late,)).picks
    assert not digest([], reader=WISHING, past=past, revisions=(revised(wednesday, HAD, 2),)).considered


def test_of_several_versions_the_latest_comes() -> None:
    revisions = (revised(TUESDAY, HAD, 3), revised(TUESDAY, HAD, 2))
    made = digest([], reader=WISHING, past=PAST, revisions=revisions)
    assert [pick.version for pick in made.picks] == [3]


def test_a_paper_that_is_listed_and_revised_is_one_update() -> None:
    listings = [*BEFORE, *listed(TUESDAY, HAD, source="Hugging Face")]
    made = digest(listings, reader=WISHING, past=PAST, revisions=(revised(TUESDAY, HAD, 2),))
    assert [(pick.section, pick.version) for pick in made.picks] == [(Section.UPDATES, 2)]
    assert made.considered == 1


def test_thresholds_and_exclusions_hold_for_updates() -> None:
    weak, shunned = paper("Weak", abstract="LoRA"), paper("LoRA: a survey")
    interests = replace(ADA.interests, exclude=(keyword("survey"),))
    made = digest(
        [],
        reader=replace(WISHING, min_relevance=0.5, interests=interests),
        past=had_on(MONDAY, weak, shunned),
        revisions=(revised(TUESDAY, weak, 2), revised(TUESDAY, shunned, 2)),
    )
    assert not made.picks
    assert made.rejected == {Rejection.TOO_WEAK: 1, Rejection.EXCLUDED: 1}


def test_a_followed_authors_update_comes_whatever_its_relevance() -> None:
    interests = replace(ADA.interests, authors=("Ann Other",))
    known = paper("Unheard of", authors=("Ann Other",))
    made = digest(
        [],
        reader=replace(WISHING, interests=interests, min_relevance=1),
        past=had_on(MONDAY, known),
        revisions=(revised(TUESDAY, known, 2),),
    )
    assert titles(made, Section.UPDATES) == ["Unheard of"]


def test_what_is_new_goes_before_updates() -> None:
    made = digest(
        [*BEFORE, *listed(TUESDAY, paper("weak", abstract="LoRA"))],
        reader=replace(WISHING, max_papers=1),
        past=PAST,
        revisions=(revised(TUESDAY, HAD, 2),),
    )
    assert titles(made) == ["weak"]
    (line,) = made.titles
    assert (line.paper.id, line.version) == (HAD.id, 2)
    assert line.hindrance is not None
    assert (line.hindrance.bar, line.hindrance.short_by) == (Bar.NO_ROOM, None)


def test_title_lines_are_for_what_is_new_before_they_are_for_updates() -> None:
    made = digest(
        [*BEFORE, *listed(TUESDAY, paper("LoRA"), paper("weak", abstract="LoRA"))],
        reader=replace(WISHING, max_papers=1),
        past=PAST,
        revisions=(revised(TUESDAY, HAD, 2),),
    )
    assert [line.paper.title for line in made.titles] == ["weak", "LoRA, revised"]


def test_a_weak_update_does_not_come_again_for_its_votes() -> None:
    popular = paper("Popular", votes=90)
    few = (paper("other", votes=1), paper("another", votes=1))
    listings = [*listed(MONDAY, popular), *listed(TUESDAY, popular, *few, source="Hugging Face")]
    made = digest(
        listings,
        reader=replace(WISHING, trending=2),
        past=had_on(MONDAY, popular),
        revisions=(revised(TUESDAY, popular, 2),),
    )
    assert not made.picks
