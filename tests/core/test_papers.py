"""What a paper is, and how several records of one work become one."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.papers import Paper, PaperId, arxiv_id, merge

JUNE_16 = date(2026, 6, 16)
PAPER = Paper(id=PaperId("arxiv:2606.14832"), title="A", url="https://e.org/a", published=JUNE_16)

papers = st.builds(
    Paper,
    id=st.sampled_from(["arxiv:1", "arxiv:2", "doi:3"]),
    title=st.sampled_from(["One", "Two"]),
    url=st.just("https://e.org/"),
    published=st.dates(),
    abstract=st.sampled_from(["", "short", "long"]),
    authors=st.sampled_from([(), ("Ada",), ("Bob", "Eve")]),
    votes=st.sampled_from([None, 0, 7]),
)


def test_an_id_without_its_source_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2606\.14832.*colon"):
        replace(PAPER, id=PaperId("2606.14832"))


def test_a_paper_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match=r"arxiv:2606\.14832: a paper has a title"):
        replace(PAPER, title="")


def test_what_the_first_record_lacks_comes_from_the_later_ones() -> None:
    first = replace(PAPER, authors=("Ada",))
    second = replace(PAPER, title="B", authors=("Bob",), abstract="Text.", votes=7)
    third = replace(PAPER, abstract="Other text.", organization="Org")
    assert merge([first, second, third]) == (
        replace(PAPER, authors=("Ada",), abstract="Text.", votes=7, organization="Org"),
    )


def test_no_votes_at_all_are_votes_too() -> None:
    assert merge([replace(PAPER, votes=0), replace(PAPER, votes=9)])[0].votes == 0


def test_the_earliest_date_is_taken_whichever_record_has_it() -> None:
    early, late = replace(PAPER, published=date(2026, 6, 10)), PAPER
    assert [merge(order)[0].published for order in permutations([early, late])] == [date(2026, 6, 10)] * 2


@given(st.lists(papers, max_size=6))
def test_each_work_is_kept_once_in_the_order_of_first_appearance(records: list[Paper]) -> None:
    assert [paper.id for paper in merge(records)] == list(dict.fromkeys(paper.id for paper in records))


@given(st.lists(papers, max_size=6))
def test_merging_what_is_merged_changes_nothing(records: list[Paper]) -> None:
    assert merge(merge(records)) == merge(records)


@given(st.lists(papers, max_size=4), st.lists(papers, max_size=4))
def test_it_does_not_matter_in_how_many_steps_records_are_merged(
    first: list[Paper], then: list[Paper]
) -> None:
    assert merge([*merge(first), *then]) == merge([*first, *then])


@pytest.mark.parametrize(
    "written",
    [
        "2606.14832",
        "2606.14832v3",
        "arXiv:2606.14832v12",
        "arXiv:2606.14832.",
        "oai:arXiv.org:2606.14832v1",
        "http://arxiv.org/abs/2606.14832v2",
        "https://www.arxiv.org/abs/2606.14832?context=cs",
        "https://arxiv.org/pdf/2606.14832v2.pdf",
        "https://arxiv.org/html/2606.14832v1#S1",
        "https://doi.org/10.48550/arXiv.2606.14832",
    ],
)
def test_an_arxiv_paper_has_one_id_however_it_is_named(written: str) -> None:
    assert arxiv_id(written) == "arxiv:2606.14832"


def test_identifiers_from_before_2007_are_known() -> None:
    assert arxiv_id("oai:arXiv.org:hep-th/9901001v1") == "arxiv:hep-th/9901001"


@pytest.mark.parametrize(
    "written",
    ["", "2606.148321", "x2606.14832", "٢٦٠٦.١٤٨٣٢", "https://arxiv.org/list/cs.CL", "10.1234/2606.14832"],
)
def test_what_names_no_arxiv_paper_has_no_arxiv_id(written: str) -> None:
    assert arxiv_id(written) is None
