"""What a paper is worth to a reader."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.digests import How, Match
from paperround.keywords import keyword
from paperround.meaning import Meaning
from paperround.papers import Paper, PaperId
from paperround.ranking import Ranked, Ranking, same_name
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


def relevance_of(ranking: Ranking, ranked: Ranked) -> dict[PaperId, float]:
    """Return the relevance of what was ranked, by paper, the best first."""
    found = zip(ranked.papers.tolist(), ranked.relevance.tolist(), strict=True)
    return {ranking.papers[at].id: relevance for at, relevance in found}


def met_of(ranking: Ranking, ranked: Ranked) -> frozenset[PaperId]:
    """Return the papers that meet an interest."""
    return frozenset(ranking.papers[at].id for at in ranked.papers[ranked.met].tolist())


def scores(papers: list[Paper], reader: Interests, *others: Interests) -> dict[str, float]:
    """Return the relevance of the papers that meet an interest, by title, the best first."""
    ranking = Ranking(papers, [reader, *others])
    ranked = next(ranking.rank([reader]))
    met = met_of(ranking, ranked)
    return {
        ranking.papers[ranking.position[paper]].title: round(relevance, 3)
        for paper, relevance in relevance_of(ranking, ranked).items()
        if paper in met
    }


def test_a_title_says_more_than_an_abstract_and_an_abstract_more_than_nothing() -> None:
    papers = [
        paper(1, "LoRA at work"),
        paper(2, "In passing", abstract="We use LoRA."),
        paper(3, "Often", abstract="LoRA at first, and in the end again LoRA."),
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


def match(reader: Interests, *papers: Paper) -> Match:
    """Return what counted most in the first of the papers."""
    return Ranking(papers, [reader]).matched(reader, papers[0].id)[0]


def test_a_phrase_whose_words_stand_apart_in_a_title_is_met_but_counts_less() -> None:
    apart, whole = paper(1, "Locomotion for a humanoid"), paper(2, "Humanoid locomotion")
    found = scores([apart, whole], interests("humanoid locomotion"))
    assert list(found) == ["Humanoid locomotion", "Locomotion for a humanoid"]
    said = match(interests("humanoid locomotion"), apart, whole)
    assert (said.how, said.where, said.forms) == (How.SCATTERED, ("title",), ("humanoid", "locomotion"))


def test_words_that_stand_apart_in_an_abstract_do_not_meet_a_phrase() -> None:
    papers = [paper(1, abstract="In the real world, models fail."), paper(2, "World models")]
    assert list(scores(papers, interests("world models"))) == ["World models"]


def crowd(count: int) -> list[Paper]:
    """Return papers about other things."""
    return [paper(1000 + n, f"Thing {n}", abstract=f"About item{n} and matter{n % 7}.") for n in range(count)]


def test_resemblance_alone_never_reaches_the_default_threshold() -> None:
    about = [paper(n, f"LoRA {n}", abstract="Adapters of low rank tune large models.") for n in range(20)]
    like = paper(900, "Adapters of low rank", abstract="Tune large models with adapters of low rank.")
    reader = interests("LoRA", "adapter tuning of all kinds", *[f"low rank {n}" for n in range(40)])
    ranking = Ranking([*about, like, *crowd(50)], [reader])
    ranked = next(ranking.rank([reader]))
    relevance = relevance_of(ranking, ranked)[like.id]
    assert 0 < relevance < 0.2
    assert like.id not in met_of(ranking, ranked)


def test_what_resembles_comes_before_what_does_not() -> None:
    about = [paper(n, f"LoRA {n}", abstract="Adapters of low rank tune large models.") for n in range(20)]
    like = paper(900, "Adapters of low rank", abstract="Tune large models.")
    reader = interests("LoRA")
    ranking = Ranking([*about, like, *crowd(50)], [reader])
    ranked = [ranking.papers[at].id for at in next(ranking.rank([reader])).papers]
    assert ranked.index(like.id) == len(about)
    (said,) = ranking.matched(reader, like.id)
    assert (said.how, said.where) == (How.RESEMBLING, ())


def test_of_papers_that_meet_an_interest_the_one_that_is_like_the_others_comes_first() -> None:
    about = [paper(n, f"LoRA {n}", abstract="Adapters of low rank tune large models.") for n in range(20)]
    typical = paper(901, "One more", abstract="Adapters of low rank: we use LoRA here.")
    aside = paper(900, "In passing", abstract="Whales sing; our microphone is called LoRA here.")
    found = list(scores([*about, typical, aside, *crowd(50)], interests("LoRA")))
    assert found.index("One more") < found.index("In passing")


def test_a_sentence_finds_the_papers_that_hold_most_of_it() -> None:
    wanted = "I look for papers on robots that learn manipulation from few human demonstrations"
    fitting = paper(1, "Few demonstrations teach robots", abstract="Human demonstrations of manipulation.")
    other = paper(2, "Robots", abstract="They are painted green.")
    found = scores([fitting, other, *crowd(100)], interests(wanted))
    assert next(iter(found)) == fitting.title
    said = match(interests(wanted), fitting, other, *crowd(100))
    assert said.how is How.SCATTERED
    assert set(said.forms) >= {"human", "demonstrations", "robots"}


def test_a_sentence_is_met_by_a_paper_that_holds_it_though_few_papers_are_known() -> None:
    wanted = "robots that learn manipulation from few human demonstrations"
    assert scores([paper(1, abstract=f"We show {wanted}.")], interests(wanted))


def test_one_common_word_does_not_meet_a_sentence() -> None:
    wanted = "hallucination of large language models in retrieval augmented generation"
    papers = [paper(1, "Language teaching in rural schools"), *crowd(200)]
    assert scores(papers, interests(wanted)) == {}


def test_what_others_exclude_does_not_change_what_a_sentence_finds() -> None:
    wanted = "robots that learn manipulation from few human demonstrations"
    papers = [paper(1, wanted), paper(2, "Robots learn"), *crowd(50)]
    shunning = Interests(keywords=(keyword("item1"),), exclude=(keyword(wanted),))
    assert scores(papers, interests(wanted), shunning) == scores(papers, interests(wanted))


@given(st.lists(st.integers(min_value=0, max_value=30), max_size=6, unique=True))
def test_what_is_said_of_a_paper_does_not_depend_on_which_others_are_judged(others: list[int]) -> None:
    known = [paper(n, f"LoRA {n}", abstract=f"Adapters of rank{n % 5} and SAM.") for n in range(20)]
    target = paper(900, "Sam studies adapters", abstract="With LoRA, of low rank.")
    more = [paper(100 + n, f"New{n} SAM", abstract=f"Adapters, rank{n} and word{n}.") for n in others]
    reader = interests("LoRA", "SAM adapters", "adapters of low rank for large models of vision")

    def said(*papers: Paper) -> float:
        ranking = Ranking(papers, [reader], known=known)
        return relevance_of(ranking, next(ranking.rank([reader])))[target.id]

    assert said(target, *more) == pytest.approx(said(target), abs=1e-9)


def test_a_weak_interest_that_is_met_does_not_let_resemblance_decide() -> None:
    about = [paper(n, f"Graph neural network {n}", abstract="Nodes and edges of graphs.") for n in range(20)]
    like = paper(900, "Nodes and edges", abstract="Of graphs in turbulence.")
    reader = Interests(keywords=(keyword("graph neural network"), keyword("turbulence", weight=0.01)))
    ranking = Ranking([*about, like, *crowd(50)], [reader])
    assert relevance_of(ranking, next(ranking.rank([reader])))[like.id] < 0.25


def test_shares_add_up_to_the_whole() -> None:
    about = [paper(n, f"Graph neural network {n}", abstract="Nodes and edges of graphs.") for n in range(20)]
    like = paper(900, "Nodes and edges", abstract="Of graphs in turbulence.")
    reader = interests("graph neural network", "turbulence")
    matches = Ranking([*about, like, *crowd(50)], [reader]).matched(reader, like.id)
    assert [each.how for each in matches] == [How.WORDS, How.RESEMBLING]
    assert sum(each.weight for each in matches) == pytest.approx(1, abs=0.01)


WANTED = "robots that learn manipulation from few human demonstrations"


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Prototypical networks for few-shot learning", "We learn from few examples. We demonstrate gains."),
        ("Cross-domain few-shot segmentation", "Few examples, few classes; we demonstrate it on few images."),
        ("A dataset of manipulation techniques", "Manipulation of opinions: techniques of manipulation."),
        ("Fracture of food", "Humans demonstrate how it breaks. Few demonstrate more."),
    ],
)
def test_a_sentence_is_not_met_by_common_words_of_it(title: str, abstract: str) -> None:
    fitting = [paper(n, f"Robots learn manipulation {n}", abstract="Human demonstrations.") for n in range(5)]
    assert title not in scores(
        [paper(90, title, abstract=abstract), *fitting, *crowd(200)], interests(WANTED)
    )


def test_of_a_sentence_a_little_is_worth_little() -> None:
    most = paper(1, "Robots learn manipulation", abstract="From human demonstrations.")
    little = paper(2, "Robots that demonstrate manipulation")
    found = scores([most, little, *crowd(100)], interests(WANTED))
    assert found[most.title] > 0.5
    assert found[little.title] < found[most.title] / 2


def test_a_sentence_is_one_interest_however_long_it_is() -> None:
    wanted = "robots that learn manipulation from few human demonstrations"
    papers = [paper(1, wanted), *crowd(100)]
    short = scores(papers, interests(wanted))["robots that learn manipulation from few human demonstrations"]
    long = scores(papers, interests(f"{wanted} " * 5))[wanted]
    assert long == pytest.approx(short, abs=0.15)


def test_a_match_names_the_form_in_which_it_was_found() -> None:
    said = match(interests("fine-tuning"), paper(1, "Finetuned models", abstract="We fine tune them."))
    assert said.forms == ("Finetuned", "fine tune")


def nearness(papers: Mapping[PaperId, Sequence[float]], **keywords: Sequence[float]) -> Meaning:
    return Meaning(
        papers={PaperId(each): np.array(vector, np.float32) for each, vector in papers.items()},
        keywords={each: np.array(vector, np.float32) for each, vector in keywords.items()},
    )


def test_meaning_finds_what_words_do_not() -> None:
    near, far = paper(1, "Felines at rest"), [paper(n, f"Engine {n}") for n in range(2, 40)]
    vectors = {near.id: [1.0, 0.0], **{each.id: [0.1, 0.99] for each in far}}
    reader = interests("cats")
    ranking = Ranking([near, *far], [reader], meaning=nearness(vectors, cats=[1.0, 0.0]))
    ranked = next(ranking.rank([reader]))
    assert met_of(ranking, ranked) == {near.id}
    assert relevance_of(ranking, ranked)[near.id] > 0.2
    (said,) = ranking.matched(reader, near.id)
    assert (said.how, said.where, said.forms) == (How.MEANING, (), ())


def test_without_a_vector_a_paper_is_judged_by_its_words() -> None:
    found, unknown = paper(1, "Cats"), paper(2, "Felines")
    reader = interests("cats")
    ranking = Ranking([found, unknown], [reader], meaning=nearness({found.id: [1.0]}, cats=[1.0]))
    assert met_of(ranking, next(ranking.rank([reader]))) == {found.id}


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
