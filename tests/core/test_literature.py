"""Papers as numbers."""

import numpy as np
import pytest
from tests.fakes.days import paper

from paperround.evidence import Way, evidence
from paperround.literature import Features, Literature, neighbours, scattered
from paperround.papers import Paper
from paperround.vocabulary import tokens


def read(*papers: Paper, known: tuple[Paper, ...] | None = None, phrase: str = "low rank") -> Literature:
    return Literature(papers, papers if known is None else known, phrases=[phrase], pairs=[("low", "rank")])


def said(features: Features, feature: object) -> list[float]:
    return [float(value) for value in features.counts.toarray()[features.place[feature]]]


def test_a_title_says_more_than_an_abstract_and_the_fourth_mention_little_more_than_the_third() -> None:
    filler = "and nothing else of note is said in here at all"
    title, once, thrice, often = said(
        read(
            paper("Adapters", abstract=filler),
            paper("One", abstract=f"Adapters {filler}"),
            paper("Three", abstract=f"Adapters, adapters, adapters {filler}"),
            paper("Four", abstract=f"Adapters, adapters, adapters, adapters {filler}"),
        ).words,
        "adapt",
    )
    assert title > once
    assert thrice - once > 4 * (often - thrice) > 0


def test_a_capital_within_a_word_makes_a_feature_of_its_own_beside_the_stem() -> None:
    words = read(paper("LoRA"), paper("a lora radio")).words
    assert [value > 0 for value in said(words, "LoRA")] == [True, False]
    assert [value > 0 for value in said(words, "lora")] == [True, True]


def test_rarity_is_judged_over_the_known_papers_alone() -> None:
    known = tuple(paper(f"Common {n}") for n in range(50))
    words = read(paper("Common"), paper("Rare"), known=known).words
    assert words.rarity[words.place["common"]] < words.rarity[words.place["rare"]]


def test_known_papers_stand_first_so_that_what_is_said_of_one_does_not_depend_on_the_others() -> None:
    known = (paper("Low rank"), paper("Adapters"))
    alone = read(known[1], known=known)
    beside = read(paper("New"), known[1], known=known)
    assert alone.papers == known
    assert beside.papers == (*known, paper("New"))
    assert (alone.judged.tolist(), beside.judged.tolist()) == ([1], [2, 1])


def test_two_neighbours_are_a_pair_where_both_say_something_and_nothing_stands_between() -> None:
    assert list(neighbours(tokens("low-rank adapters of models. Large ones"))) == [
        ("low", "rank"),
        ("rank", "adapt"),
        ("larg", "one"),
    ]


def test_the_words_of_a_sentence_are_found_in_its_order_each_in_its_first_form() -> None:
    found = scattered(
        paper("Demonstrations for a robot", abstract="Robots learn."), "find robots and a demonstration"
    )
    assert (found.where, found.forms) == (("title", "abstract"), ("robot", "demonstrations"))


def test_without_a_paper_or_a_keyword_there_is_nothing_to_say() -> None:
    assert evidence([], read(paper("Low rank")), None).total.shape == (0, 1)
    assert evidence([("low rank",)], read(), None).total.shape == (1, 0)


@pytest.mark.parametrize(
    ("keyword", "way"),
    [
        (("low rank",), Way.LITERAL),
        (("rank adaptation",), Way.SCATTERED),
        (("whales",), 0),
    ],
)
def test_a_keyword_is_met_as_a_whole_or_apart_in_a_title(keyword: tuple[str, ...], way: int) -> None:
    papers = (paper("Adaptation of low rank"), paper("Other"))
    found = evidence([keyword], read(*papers), None)
    assert found.ways.toarray()[0, 0] == way


def test_what_is_met_counts_something_though_every_known_paper_holds_it() -> None:
    papers = tuple(paper(f"low rank {n}") for n in range(500))
    found = evidence([("low rank",)], read(*papers), None)
    assert np.all(found.total.toarray() > 0)
