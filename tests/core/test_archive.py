"""The papers of a day as a list to leaf through."""

from datetime import date

from tests.fakes.days import MONDAY, TUESDAY, WEDNESDAY, listed, paper

from paperround.archive import PAGE, Entry, Filter, categories, entries, neighbours, page, sources


def names(listed: tuple[Entry, ...]) -> list[str]:
    return [entry.paper.title for entry in listed]


def test_what_most_voted_for_comes_first_and_what_has_no_votes_as_it_was_announced() -> None:
    papers = [paper("b"), paper("a"), paper("few", votes=1), paper("none", votes=0), paper("many", votes=9)]
    assert names(entries(listed(MONDAY, *papers))) == ["many", "few", "none", "b", "a"]


def test_the_latest_day_comes_first_whatever_the_votes() -> None:
    both = [*listed(MONDAY, paper("old", votes=9)), *listed(TUESDAY, paper("new", votes=1))]
    assert names(entries(both)) == ["new", "old"]


def test_a_paper_of_several_sources_and_days_is_listed_once() -> None:
    both = [*listed(MONDAY, paper("a"), source="arXiv"), *listed(TUESDAY, paper("a"), source="HF")]
    (entry,) = entries([*both, *both])
    assert (entry.day, entry.sources) == (TUESDAY, ("arXiv", "HF"))


def test_a_list_is_narrowed_to_a_source_and_a_category() -> None:
    given = [
        *listed(MONDAY, paper("a", categories=("cs.CL", "cs.LG")), paper("b"), source="arXiv"),
        *listed(MONDAY, paper("a"), paper("c"), source="HF"),
    ]
    all_ = entries(given)
    assert sources(all_) == {"HF": 2, "arXiv": 2}
    assert categories(all_) == {"cs.CL": 1, "cs.LG": 1}
    narrowed = {
        Filter(): ["a", "b", "c"],
        Filter(source="HF"): ["a", "c"],
        Filter(category="cs.LG"): ["a"],
        Filter(source="HF", category="cs.LG"): ["a"],
        Filter(source="another"): [],
    }
    for each, left in narrowed.items():
        assert names(tuple(entry for entry in all_ if each.admits(entry))) == left


def test_a_page_that_is_not_there_is_the_nearest_that_is() -> None:
    many = entries(listed(MONDAY, *(paper(f"p{number}") for number in range(PAGE + 1))))
    for asked, number, shown in ((-1, 1, PAGE), (1, 1, PAGE), (2, 2, 1), (99, 2, 1)):
        found = page(many, asked)
        assert (found.number, found.pages, len(found.entries), found.papers) == (number, 2, shown, PAGE + 1)
    assert page((), 3).pages == 1


def test_neighbours_are_days_that_have_papers() -> None:
    days = [WEDNESDAY, MONDAY]
    assert neighbours(days, TUESDAY) == (MONDAY, WEDNESDAY)
    assert neighbours(days, MONDAY) == (None, WEDNESDAY)
    assert neighbours(days, date(2027, 1, 1)) == (WEDNESDAY, None)
    assert neighbours([], MONDAY) == (None, None)
