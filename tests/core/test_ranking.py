"""What a paper is worth to a reader."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ranking import Ranking, same_name
from paperround.subscribers import Interests


def paper(number: int, title: str = "A title", **more: object) -> Paper:
    given_: dict[str, object] = {
        "id": PaperId(f"arxiv:2606.{number:05}"),
        "title": title,
        "url": "https://arxiv.org/abs/x",
        "published": date(2026, 6, 16),
        **more,
    }
    return Paper(**given_)  # type: ignore[arg-type]  # the fields are checked by the dataclass's own tests


def interests(*keywords: str, **more: tuple[str, ...]) -> Interests:
    return Interests(keywords=tuple(keyword(each) for each in keywords), **more)  # type: ignore[arg-type]  # as above


def scores(papers: list[Paper], reader: Interests, *others: Interests) -> dict[str, float]:
    ranking = Ranking(papers, [reader, *others])
    ranked = next(ranking.rank([reader]))
    return {
        ranking.papers[at].title: round(float(relevance), 3)
        for at, relevance in zip(ranked.papers, ranked.relevance, strict=True)
    }


def test_a_title_says_more_than_an_abstract_and_an_abstract_more_than_nothing() -> None:
    papers = [
        paper(1, "LoRA at work"),
        paper(2, "In passing", abstract="We use LoRA."),
        paper(3, "Often", abstract="LoRA, LoRA and LoRA."),
        paper(4, "Not at all"),
    ]
    found = scores(papers, interests("LoRA"))
    assert list(found) == ["LoRA at work", "Often", "In passing"]
    assert all(0 < relevance < 1 for relevance in found.values())


def test_relevance_does_not_depend_on_how_many_interests_there_are() -> None:
    papers = [paper(1, "LoRA at work")]
    many = interests("LoRA", *[f"absent{n}" for n in range(40)])
    assert scores(papers, interests("LoRA")) == scores(papers, many)


def test_relevance_does_not_depend_on_the_other_readers() -> None:
    papers = [paper(1, "LoRA at work"), paper(2, "Planning")]
    alone = scores(papers, interests("LoRA"))
    assert scores(papers, interests("LoRA"), interests("planning", "work")) == alone


def test_a_weight_counts() -> None:
    reader = Interests(keywords=(keyword("LoRA", weight=3), keyword("planning")))
    found = scores([paper(1, "LoRA"), paper(2, "Planning")], reader)
    assert found["LoRA"] > found["Planning"]


def test_a_keyword_of_several_phrases_needs_all_of_them() -> None:
    reader = Interests(keywords=(keyword("planning", "LLM"),))
    papers = [paper(1, "Planning"), paper(2, "LLMs"), paper(3, "Both", abstract="An LLM that plans.")]
    assert list(scores(papers, reader)) == ["Both"]


def test_a_keyword_that_every_paper_holds_says_less() -> None:
    papers = [paper(n, f"Model {n}") for n in range(400)] + [paper(900, "LoRA")]
    found = scores(papers, interests("model", "LoRA"))
    assert next(iter(found)) == "LoRA"
    assert found["Model 1"] < found["LoRA"] / 1.5


def test_papers_known_from_before_tell_how_common_a_keyword_is() -> None:
    today, before = [paper(1, "LoRA")], [paper(n, "LoRA") for n in range(100, 500)]
    reader = interests("LoRA")
    alone = next(Ranking(today, [reader]).rank([reader])).relevance[0]
    beside = next(Ranking(today, [reader], known=before).rank([reader])).relevance[0]
    assert beside < alone


def test_a_phrase_does_not_reach_from_one_keyword_of_the_source_into_the_next() -> None:
    assert scores([paper(1, keywords=("diffusion", "models"))], interests("diffusion models")) == {}
    assert scores([paper(1, keywords=("diffusion models",))], interests("diffusion models")) != {}


@pytest.mark.parametrize(
    ("field", "reader"),
    [
        ({"authors": ("Yann LeCun", "Somebody Else")}, Interests(authors=("Yann LeCun",))),
        ({"categories": ("cs.LG", "cs.RO")}, Interests(categories=("cs.RO",))),
        ({"organization": "NVIDIA"}, Interests(organizations=("nvidia",))),
    ],
)
def test_other_interests_than_keywords_count(field: dict[str, object], reader: Interests) -> None:
    assert scores([paper(1, "Met", **field), paper(2, "Not met")], reader).keys() == {"Met"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Yann LeCun", "yann lecun"),
        ("LeCun, Yann", "Yann LeCun"),
        ("Yann A. LeCun", "Yann LeCun"),
        ("Jurgen Schmidhuber", "Jürgen Schmidhuber"),
        ("Jean-Luc Picard", "Jean Luc Picard"),
    ],
)
def test_one_author_is_written_in_several_ways(written: str, meant: str) -> None:
    assert same_name(written) == same_name(meant)


@pytest.mark.parametrize("other", ["Y. LeCun", "Yann Le", "Lun Yanncec", "Yanna LeCun"])
def test_another_author_is_not_taken_for_the_same(other: str) -> None:
    assert same_name(other) != same_name("Yann LeCun")


def test_an_excluded_word_is_known_wherever_it_stands() -> None:
    reader = Interests(keywords=(keyword("LoRA"),), exclude=(keyword("survey"), keyword("medical imaging")))
    papers = [
        paper(1, "LoRA: a survey"),
        paper(2, "LoRA", abstract="For medical imaging."),
        paper(3, "LoRA at last"),
    ]
    ranking = Ranking(papers, [reader])
    ranked = next(ranking.rank([reader]))
    excluded = {ranking.papers[at].id for at in ranked.excluded}
    assert excluded == {papers[0].id, papers[1].id}
    assert ranking.excluded_by(reader, papers[1].id) == "medical imaging"
    assert ranking.excluded_by(reader, papers[2].id) is None


def test_reasons_name_the_interest_the_places_and_the_share() -> None:
    reader = interests("LoRA", "planning")
    papers = [paper(1, "LoRA at work", abstract="LoRA helps planning.")]
    first, second = Ranking(papers, [reader]).matched(reader, papers[0].id)
    assert (first.term, first.where) == ("LoRA", ("title", "abstract"))
    assert (second.term, second.where) == ("planning", ("abstract",))
    assert first.weight > second.weight
    assert first.weight + second.weight == pytest.approx(1)


def test_among_equals_the_one_with_more_votes_comes_first() -> None:
    papers = [paper(1, "LoRA one", votes=3), paper(2, "LoRA two", votes=50), paper(3, "LoRA three")]
    assert list(scores(papers, interests("LoRA"))) == ["LoRA two", "LoRA one", "LoRA three"]


def test_a_reader_without_interests_and_a_day_without_papers_are_no_trouble() -> None:
    assert scores([paper(1)], Interests()) == {}
    assert scores([], interests("LoRA")) == {}


@given(st.lists(st.lists(st.sampled_from(["LoRA", "planning", "robots", "speech"]), unique=True), max_size=6))
def test_readers_ranked_together_get_what_each_would_alone(wanted: list[list[str]]) -> None:
    papers = [
        paper(1, "LoRA for robots"),
        paper(2, "Planning", abstract="Robots and speech."),
        paper(3, "Speech"),
    ]
    readers = [interests(*each) for each in wanted]
    together = Ranking(papers, readers)
    for reader, ranked in zip(readers, together.rank(readers), strict=True):
        alone = next(Ranking(papers, [reader]).rank([reader]))
        assert ranked.papers.tolist() == alone.papers.tolist()
        assert ranked.relevance.tolist() == pytest.approx(alone.relevance.tolist())
