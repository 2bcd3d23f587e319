"""What interests would have brought."""

from datetime import date

import pytest

from paperround.keywords import exclusion, keyword
from paperround.papers import Paper, PaperId
from paperround.subscribers import Interests
from paperround.trials import Trial, trial

DAY = date(2026, 6, 16)
PAPERS = [
    Paper(
        id=PaperId(f"test:{number}"),
        title=title,
        abstract="What it says.",
        authors=("Yann LeCun",) if number == 4 else (),
        organization="Größe & Co" if number == 3 else None,
        categories=("cs.RO",) if number in {2, 3} else (),
        url="https://example.org/",
        published=DAY,
    )
    for number, title in enumerate(
        ["Diffusion models", "Diffusion models for LoRA", "A survey of LoRA", "Robots", "Frogs"]
    )
]


def tried(interests: Interests) -> Trial:
    return trial(interests, PAPERS, since=DAY)


def test_each_interest_is_told_with_the_papers_that_meet_it_and_all_together_once() -> None:
    wanted = Interests(keywords=(keyword("diffusion models"), keyword("LoRA", weight=3), keyword("toads")))
    assert tried(wanted) == Trial(
        since=DAY, papers=5, met=(("diffusion models", 2), ("LoRA", 2), ("toads", 0)), any=3
    )


def test_what_is_excluded_counts_nowhere() -> None:
    wanted = Interests(keywords=(keyword("LoRA"),), categories=("cs.RO",), exclude=(exclusion("survey"),))
    assert tried(wanted) == Trial(since=DAY, papers=5, met=(("LoRA", 1), ("cs.RO", 1)), any=2)


@pytest.mark.parametrize(
    ("interests", "words", "count"),
    [
        (Interests(authors=("LeCun, Yann",)), "LeCun, Yann", 1),
        (Interests(categories=("cs.RO",)), "cs.RO", 2),
        (Interests(organizations=("größe & co",)), "größe & co", 1),
        (Interests(keywords=(keyword("diffusion", "LoRA"),)), "diffusion + LoRA", 1),
    ],
)
def test_every_kind_of_interest_is_told(interests: Interests, words: str, count: int) -> None:
    assert tried(interests).met == ((words, count),)


def test_without_interests_or_papers_nothing_is_met() -> None:
    assert tried(Interests()) == Trial(since=DAY, papers=5, met=(), any=0)
    wanted = Interests(keywords=(keyword("LoRA"),))
    assert trial(wanted, [], since=DAY) == Trial(since=DAY, papers=0, met=(("LoRA", 0),), any=0)
