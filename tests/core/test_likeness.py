"""How alike two papers are."""

import gzip
import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.days import paper

from paperround.likeness import NEAR_DUPLICATE, Likeness
from paperround.papers import Paper

ABSTRACT = (
    "We adapt a frozen encoder to streams of sensor readings by training low-rank factors beside its weight. "
    "On seven public collections this matches full training with a hundredth of the parameters, and an "
    "ablation shows which layers matter. Code, checkpoints and recordings are released."
)
OTHER = (
    "Whale songs recorded off Norway are segmented by their melody. Singers change their repertoire each "
    "season, and neighbours copy one another, as field biologists had suspected since the eighties."
)


def alike(first: Paper, second: Paper, *others: Paper) -> float:
    papers = [first, second, *others]
    return float(Likeness(papers, known=papers).to(0)[1])


def test_a_text_told_twice_is_a_near_duplicate() -> None:
    told = paper("Adapting encoders to streams", abstract=ABSTRACT)
    assert alike(told, paper("Streams: how to adapt an encoder", abstract=ABSTRACT)) > NEAR_DUPLICATE
    assert alike(told, paper("Adapting encoders to streams", abstract=ABSTRACT[:200])) > NEAR_DUPLICATE


def test_another_topic_in_the_words_of_every_abstract_is_not_alike() -> None:
    assert alike(paper("One", abstract=ABSTRACT), paper("Two", abstract=OTHER)) < NEAR_DUPLICATE / 4


def test_inflections_and_capitals_do_not_matter() -> None:
    first = paper("Frozen encoders adapt, streaming")
    assert alike(first, paper("FROZEN-Encoder Adapts Streams")) == alike(first, first)


def test_a_word_in_common_does_not_make_two_short_titles_one_work() -> None:
    assert alike(paper("LoRA"), paper("LoRA, late")) < NEAR_DUPLICATE


def test_what_every_paper_says_tells_less_than_what_few_say() -> None:
    common = [paper(f"a study of number {n}") for n in range(300)]
    shared_common = alike(paper("a study of zebras"), paper("a study of comets"), *common)
    shared_rare = alike(paper("zebra crossing lights"), paper("zebra habitat map"), *common)
    assert shared_common < shared_rare


def test_a_paper_without_a_word_is_like_none() -> None:
    assert alike(paper("?!"), paper("?!")) == 0


@given(st.lists(st.text(alphabet="ab cd", min_size=1, max_size=30), min_size=2, max_size=6))
def test_likeness_lies_between_0_and_1_and_goes_both_ways(titles: list[str]) -> None:
    papers = [paper(title) for title in titles]
    likeness = Likeness(papers, known=papers)
    for first, second in combinations(range(len(papers)), 2):
        assert 0 <= likeness.to(first)[second] <= 1
        assert likeness.to(first)[second] == pytest.approx(likeness.to(second)[first], abs=1e-6)


def test_of_the_recorded_papers_one_pair_is_one_work_told_twice(recorded: Path) -> None:
    """A benchmark that its authors announced twice within the week, under two titles."""
    told = {}
    for day in sorted((recorded / "data" / "arxiv").glob("*.jsonl.gz")):
        with gzip.open(day, "rt", encoding="utf-8") as lines:
            told.update({entry["id"]: entry for entry in map(json.loads, lines)})
    papers = [paper(each["title"], abstract=each["summary"]) for each in told.values()]
    likeness = Likeness(papers, known=papers[:1000])
    names = list(told)
    pairs = {
        frozenset({names[at], names[other]})
        for at in range(len(papers))
        for other in (likeness.to(at) >= NEAR_DUPLICATE).nonzero()[0].tolist()
        if other != at
    }
    assert pairs == {frozenset({"2606.17188", "2606.20770"})}
