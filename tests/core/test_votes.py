"""What everybody reads."""

import json
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.days import MONDAY, TUESDAY, listed, paper

from paperround.papers import PaperId
from paperround.ports import Listing
from paperround.votes import FEW, HALF, popular


def voted(day: date, *votes: int | None, source: str = "HF") -> list[Listing]:
    return listed(day, *(paper(f"{day.day}-{n}", votes=each) for n, each in enumerate(votes)), source=source)


def test_the_first_of_a_young_list_stands_as_high_as_the_first_of_an_old_one() -> None:
    old, young = voted(MONDAY, 150, 82, 40, 20), voted(TUESDAY, 15, 8, 4, 2)
    standing = popular([*old, *young])
    assert list(standing) == ["test:15-0", "test:16-0", "test:15-1", "test:16-1"]
    assert standing[PaperId("test:15-0")] == standing[PaperId("test:16-0")]


def test_the_first_of_a_long_list_stands_higher_than_the_first_of_a_short_one() -> None:
    standing = popular([*voted(MONDAY, 90, 5, 4), *voted(TUESDAY, 30, *[5] * 20)])
    assert standing[PaperId("test:16-0")] > standing[PaperId("test:15-0")]


def test_what_half_of_its_list_outdoes_is_read_by_few() -> None:
    assert popular(voted(MONDAY, 9, 8, 7, 6)).keys() == {"test:15-0", "test:15-1"}
    assert popular(voted(MONDAY, 9, 8, 7)).keys() == {"test:15-0"}


def test_all_equal_or_alone_nobody_stands_out() -> None:
    assert not popular(voted(MONDAY, 9, 9, 9, 9))
    assert not popular(voted(MONDAY, 99))


def test_a_few_votes_are_none_on_the_morning_of_a_list() -> None:
    assert popular(voted(MONDAY, FEW, FEW - 1, 0, 0, 0)).keys() == {"test:15-0"}


def test_a_paper_without_a_count_of_votes_is_in_no_comparison() -> None:
    listings = voted(MONDAY, 9, 5, 3, None)
    assert popular(listings) == popular(listings[:3])


def test_a_list_that_mostly_counts_no_votes_compares_nothing() -> None:
    """arXiv lists a few papers that stand on Hugging Face too."""
    assert not popular(voted(MONDAY, 9, 5, None, None, None, source="arXiv"))


def test_of_two_lists_the_better_standing_counts() -> None:
    both = paper("both", votes=10)
    first = [*listed(MONDAY, both), *voted(MONDAY, 50, 40, 30)]
    second = [*listed(TUESDAY, both), *voted(TUESDAY, 5, 4, 3)]
    assert popular([*first, *second])[both.id] == popular(second)[both.id]


@given(st.lists(st.integers(min_value=0, max_value=200), max_size=40), st.integers(min_value=2, max_value=9))
def test_time_changes_nothing_but_the_few(votes: list[int], age: int) -> None:
    """When every paper of a list has gathered some times as many votes, each stands where it stood."""
    young = popular(voted(MONDAY, *votes))
    old = popular(voted(MONDAY, *(each * age for each in votes)))
    assert young.items() <= old.items()
    assert all(HALF <= standing < 1 for standing in old.values())


def test_each_recorded_list_has_its_popular_papers(recorded: Path) -> None:
    for file in sorted((recorded / "data" / "huggingface").glob("*.json")):
        votes = [entry["paper"]["upvotes"] for entry in json.loads(file.read_bytes())]
        standing = popular(voted(MONDAY, *votes))
        least = min(votes[int(name.partition("-")[2])] for name in standing)
        assert len(votes) * 0.4 < len(standing) < len(votes) * 0.6
        assert least >= sorted(votes)[len(votes) // 2]
