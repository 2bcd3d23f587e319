"""What texts mean, as vectors."""

from datetime import date

import numpy as np
import pytest
from tests.fakes.embedder import BagOfWords

from paperround.meaning import Meaning, paper_text
from paperround.papers import Paper, PaperId

ROBOTS, SPEECH = PaperId("a:robots"), PaperId("a:speech")


def meaning() -> Meaning:
    robots, speech = BagOfWords().embed(["robots", "speech"])
    return Meaning(papers={ROBOTS: robots, SPEECH: speech}, keywords={"Robots": robots})


def test_nearness_is_the_cosine_of_each_keyword_with_each_paper() -> None:
    known = meaning()
    near = known.nearness(["Robots"], [SPEECH, ROBOTS])
    assert near.dtype == np.float32
    assert near[0, 1] == pytest.approx(1)
    assert near[0, 0] == pytest.approx(float(known.papers[SPEECH] @ known.keywords["Robots"]))


def test_what_is_unknown_is_near_to_nothing() -> None:
    assert meaning().nearness(["LoRA", "Robots"], [PaperId("a:new")]).tolist() == [[0], [0]]


def test_a_meaning_may_know_only_papers_or_nothing() -> None:
    papers = Meaning(papers=meaning().papers, keywords={})
    assert papers.nearness(["Robots"], [ROBOTS, SPEECH]).tolist() == [[0, 0]]
    assert Meaning(papers={}, keywords={}).nearness([], [ROBOTS]).shape == (0, 1)


def test_vectors_of_two_models_are_never_compared() -> None:
    with pytest.raises(ValueError, match=r"more than one model: their sizes are \[3, 64\]"):
        Meaning(papers=meaning().papers, keywords={"Robots": np.ones(3, np.float32)})


@pytest.mark.parametrize(
    ("abstract", "text"), [("They walk.", "Robots. They walk."), ("", "Robots."), (" ", "Robots.")]
)
def test_a_paper_is_read_as_its_title_and_its_abstract(abstract: str, text: str) -> None:
    paper = Paper(
        id=ROBOTS, title="Robots", url="https://a.org", published=date(2026, 6, 16), abstract=abstract
    )
    assert paper_text(paper) == text
