from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from tests.fakes.library import MemoryLibrary

from paperround.batches import Batch, BatchState, Revision
from paperround.papers import Paper, PaperId
from paperround.ports import Library
from paperround.searching import search
from paperround.store import Store

MONDAY = date(2026, 6, 15)
TUESDAY = date(2026, 6, 16)
WEDNESDAY = date(2026, 6, 17)
NOW = datetime(2026, 6, 16, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)


@pytest.fixture
def library(store: Store | None) -> Library:
    return MemoryLibrary() if store is None else store.library


def paper(number: int, *, votes: int | None = None, abstract: str = "") -> Paper:
    return Paper(
        id=PaperId(f"arxiv:2606.{number:05}"),
        title=f"Paper {number}",
        url=f"https://arxiv.org/abs/2606.{number:05}",
        published=MONDAY,
        votes=votes,
        abstract=abstract,
    )


def batch(
    *papers: Paper,
    state: BatchState = BatchState.FRESH,
    day: date = TUESDAY,
    source: str = "arXiv",
    reason: str = "",
    etag: str | None = None,
) -> Batch:
    return Batch(source=source, day=day, state=state, papers=papers, reason=reason, etag=etag)


def test_a_recorded_batch_is_known_by_its_counts(library: Library) -> None:
    answer = library.record(batch(paper(1), paper(2), etag='"a"'), now=NOW)
    assert (answer.state, answer.papers, answer.new, answer.etag) == (BatchState.FRESH, 2, 2, '"a"')
    assert answer.fetched_at == NOW
    assert library.batch("arXiv", TUESDAY) == answer


def test_nothing_is_known_of_a_day_that_was_not_read(library: Library) -> None:
    assert library.batch("arXiv", TUESDAY) is None
    assert library.batch_before("arXiv", TUESDAY) is None
    assert library.batches([TUESDAY]) == ()
    assert library.batches([]) == ()
    assert library.listings(MONDAY, TUESDAY) == ()
    assert library.paper(PaperId("arxiv:1")) is None


def test_every_field_of_a_paper_comes_back(library: Library) -> None:
    full = Paper(
        id=PaperId("hf:x/y 1"),
        title="Ünïcode ∑ 🎉 'quoted' \"twice\"",
        url="https://example.org/?a=1&b=%20",
        published=date(1, 1, 1),
        abstract="line\nline\ttab",
        authors=("Ada Lovelace", "É. Galois", ""),
        organization="Org",
        categories=("cs.CL",),
        keywords=("a", "b"),
        votes=0,
        pdf_url="https://example.org/p.pdf",
        code_url="https://example.org/c",
        project_url="https://example.org/",
        image_url="https://example.org/i.png",
    )
    library.record(batch(full), now=NOW)
    assert library.paper(full.id) == full
    assert [listing.paper for listing in library.listings(TUESDAY, TUESDAY)] == [full]


def test_a_paper_without_votes_is_not_one_with_no_votes(library: Library) -> None:
    library.record(batch(paper(1), paper(2, votes=0)), now=NOW)
    assert [listing.paper.votes for listing in library.listings(TUESDAY, TUESDAY)] == [None, 0]


def test_a_newer_record_counts_first_and_its_gaps_are_filled(library: Library) -> None:
    library.record(batch(paper(1, votes=3, abstract="kept")), now=NOW)
    library.record(batch(paper(1, votes=8), source="Hugging Face"), now=LATER)
    assert library.paper(paper(1).id) == paper(1, votes=8, abstract="kept")


def test_a_paper_twice_in_a_batch_is_one(library: Library) -> None:
    answer = library.record(batch(paper(1, votes=3), paper(1, abstract="filled")), now=NOW)
    assert (answer.papers, answer.new) == (1, 1)
    assert library.paper(paper(1).id) == paper(1, votes=3, abstract="filled")


def test_new_counts_what_no_source_brought_before(library: Library) -> None:
    library.record(batch(paper(1)), now=NOW)
    answer = library.record(batch(paper(1), paper(2), source="Hugging Face"), now=LATER)
    assert (answer.papers, answer.new) == (2, 1)


def test_reading_a_day_again_adds_to_its_counts(library: Library) -> None:
    library.record(batch(paper(1), paper(2)), now=NOW)
    answer = library.record(batch(paper(2), paper(3)), now=LATER)
    assert (answer.papers, answer.new) == (3, 1)
    known = library.batch("arXiv", TUESDAY)
    assert known is not None
    assert (known.papers, known.new, known.fetched_at) == (3, 3, LATER)


def test_a_listing_keeps_the_time_it_was_first_seen(library: Library) -> None:
    library.record(batch(paper(1)), now=NOW)
    library.record(batch(paper(1), paper(2)), now=LATER)
    seen = {listing.paper.id: listing.first_seen for listing in library.listings(TUESDAY, TUESDAY)}
    assert seen == {paper(1).id: NOW, paper(2).id: LATER}


def test_reading_a_day_again_with_fewer_papers_keeps_them_all(library: Library) -> None:
    library.record(batch(paper(1), paper(2)), now=NOW)
    answer = library.record(batch(paper(2), state=BatchState.PARTIAL), now=LATER)
    assert (answer.state, answer.papers) == (BatchState.PARTIAL, 2)
    assert len(library.listings(TUESDAY, TUESDAY)) == 2


def test_the_same_paper_may_be_listed_by_two_sources_and_on_two_days(library: Library) -> None:
    library.record(batch(paper(1), day=MONDAY), now=NOW)
    library.record(batch(paper(1), day=TUESDAY), now=LATER)
    library.record(batch(paper(1), day=TUESDAY, source="Hugging Face"), now=NOW)
    listed = [(listing.day, listing.source) for listing in library.listings(MONDAY, TUESDAY)]
    assert listed == [(MONDAY, "arXiv"), (TUESDAY, "Hugging Face"), (TUESDAY, "arXiv")]


@pytest.mark.parametrize("state", [BatchState.FAILED, BatchState.STALE, BatchState.QUIET])
def test_what_was_read_outlasts_a_worse_answer(library: Library, state: BatchState) -> None:
    read = library.record(batch(paper(1), etag='"a"'), now=NOW)
    assert library.record(batch(state=state, reason="worse"), now=LATER) == read
    assert library.batch("arXiv", TUESDAY) == read


@pytest.mark.parametrize("state", [BatchState.STALE, BatchState.QUIET])
def test_an_answer_without_papers_outlasts_a_failure(library: Library, state: BatchState) -> None:
    read = library.record(batch(state=state, reason="nothing new"), now=NOW)
    assert library.record(batch(state=BatchState.FAILED, reason="timeout"), now=LATER) == read


@pytest.mark.parametrize("state", [BatchState.FRESH, BatchState.STALE, BatchState.QUIET, BatchState.FAILED])
def test_a_failure_gives_way_to_what_comes_after(library: Library, state: BatchState) -> None:
    library.record(batch(state=BatchState.FAILED, reason="timeout"), now=NOW)
    answer = library.record(batch(state=state, reason="now"), now=LATER)
    assert (answer.state, answer.reason, answer.fetched_at) == (state, "now", LATER)
    assert library.batch("arXiv", TUESDAY) == answer


@pytest.mark.parametrize("state", [BatchState.STALE, BatchState.QUIET, BatchState.FAILED])
def test_only_what_was_announced_is_listed(library: Library, state: BatchState) -> None:
    answer = library.record(batch(paper(1), state=state), now=NOW)
    assert answer.papers == 0
    assert library.listings(TUESDAY, TUESDAY) == ()


def test_the_batch_before_is_the_latest_with_papers(library: Library) -> None:
    read = library.record(batch(paper(1), paper(2), day=date(2026, 6, 12)), now=NOW)
    library.record(batch(state=BatchState.QUIET, day=MONDAY), now=NOW)
    library.record(batch(paper(3), day=MONDAY, source="Hugging Face"), now=NOW)
    library.record(batch(paper(4), day=TUESDAY), now=NOW)
    assert library.batch_before("arXiv", TUESDAY) == (read, frozenset({paper(1).id, paper(2).id}))
    assert library.batch_before("arXiv", date(2026, 6, 12)) is None


def test_batches_come_by_source_and_newest_first(library: Library) -> None:
    for source in ("arXiv", "Hugging Face", "Distill"):
        for day in (WEDNESDAY, MONDAY, TUESDAY):
            library.record(batch(paper(1), source=source, day=day), now=NOW)
    found = [(record.source, record.day) for record in library.batches({MONDAY, WEDNESDAY})]
    assert found == [
        (source, day) for source in ("Distill", "Hugging Face", "arXiv") for day in (WEDNESDAY, MONDAY)
    ]


def test_listings_come_oldest_first_and_include_both_ends(library: Library) -> None:
    for number, day in enumerate((WEDNESDAY, TUESDAY, MONDAY, date(2026, 6, 14))):
        library.record(batch(paper(number), day=day), now=NOW)
    assert [listing.day for listing in library.listings(MONDAY, WEDNESDAY)] == [MONDAY, TUESDAY, WEDNESDAY]


def test_a_moment_in_another_zone_is_the_same_moment(library: Library) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    library.record(batch(paper(1)), now=NOW.astimezone(kathmandu).replace(microsecond=1))
    (listing,) = library.listings(TUESDAY, TUESDAY)
    assert listing.first_seen == NOW.replace(microsecond=1)


def test_text_that_looks_like_a_statement_is_text(library: Library) -> None:
    odd = replace(paper(1), title="'; DROP TABLE papers; -- :name %s ? {x}")
    library.record(batch(odd, source="a'b\"c%"), now=NOW)
    assert library.paper(odd.id) == odd
    assert library.batch("a'b\"c%", TUESDAY) is not None


def test_many_papers_are_one_batch(library: Library) -> None:
    many = [paper(number) for number in range(1_100)]
    assert library.record(batch(*many), now=NOW).new == 1_100
    assert library.record(batch(*many), now=LATER).new == 0


def test_the_latest_day_is_the_last_one_that_something_was_announced_on(library: Library) -> None:
    assert library.latest_day() is None
    library.record(batch(paper(1), day=TUESDAY), now=NOW)
    library.record(batch(paper(2), day=MONDAY), now=LATER)
    assert library.latest_day() == TUESDAY


def test_every_day_that_was_asked_for_is_known_the_latest_first(library: Library) -> None:
    assert library.days() == ()
    library.record(batch(paper(1), day=MONDAY), now=NOW)
    library.record(batch(day=TUESDAY), now=NOW)
    library.record(batch(paper(2), day=MONDAY, source="Another"), now=NOW)
    assert library.days() == (TUESDAY, MONDAY)


def test_what_is_told_at_second_hand_fills_gaps_and_replaces_nothing(library: Library) -> None:
    library.record(batch(paper(1)), now=NOW)
    told = replace(paper(1), title="Another title", code_url="https://example.org/code")
    library.record(replace(batch(told), source="a blog", secondhand=True), now=LATER)
    known = library.paper(paper(1).id)
    assert known is not None
    assert (known.title, known.code_url) == (paper(1).title, "https://example.org/code")


def test_a_revision_of_a_known_paper_is_listed_with_its_version_and_day(library: Library) -> None:
    library.record(batch(paper(1), paper(2), day=MONDAY), now=NOW)
    revised = replace(paper(1), title="Another title", abstract="Another abstract.")
    library.record(replace(batch(paper(3)), revisions=(Revision(paper=revised, version=2),)), now=LATER)
    (found,) = library.revisions(TUESDAY, TUESDAY)
    assert (found.source, found.day, found.version, found.first_seen) == ("arXiv", TUESDAY, 2, LATER)
    assert found.paper == library.paper(paper(1).id) == revised
    assert library.revisions(MONDAY, MONDAY) == ()
    assert [listing.paper.id for listing in library.listings(TUESDAY, TUESDAY)] == [paper(3).id]


def test_a_revision_of_a_paper_that_nobody_announced_is_not_kept(library: Library) -> None:
    library.record(replace(batch(paper(1)), revisions=(Revision(paper=paper(2), version=2),)), now=NOW)
    assert library.revisions(TUESDAY, TUESDAY) == ()
    assert library.paper(paper(2).id) is None


def test_a_day_with_nothing_but_revisions_keeps_them(library: Library) -> None:
    library.record(batch(paper(1), day=MONDAY), now=NOW)
    quiet = replace(batch(state=BatchState.QUIET), revisions=(Revision(paper=paper(1), version=2),))
    answer = library.record(quiet, now=NOW)
    assert (answer.state, answer.papers, answer.new) == (BatchState.QUIET, 0, 0)
    assert [found.version for found in library.revisions(TUESDAY, TUESDAY)] == [2]


def test_each_version_is_kept_once_with_the_day_and_the_time_it_was_first_seen(library: Library) -> None:
    library.record(batch(paper(1), day=MONDAY), now=NOW)
    second, third = (Revision(paper=paper(1), version=version) for version in (2, 3))
    library.record(replace(batch(paper(2)), revisions=(second,)), now=NOW)
    library.record(replace(batch(paper(2)), revisions=(second,)), now=LATER)
    library.record(replace(batch(paper(3), day=WEDNESDAY), revisions=(second, third)), now=LATER)
    found = [(each.day, each.version, each.first_seen) for each in library.revisions(MONDAY, WEDNESDAY)]
    assert found == [(TUESDAY, 2, NOW), (WEDNESDAY, 3, LATER)]


def test_what_a_revision_does_not_say_is_kept(library: Library) -> None:
    library.record(batch(paper(1, votes=3, abstract="kept"), day=MONDAY), now=NOW)
    revised = replace(paper(1), published=TUESDAY)
    library.record(replace(batch(paper(2)), revisions=(Revision(paper=revised, version=2),)), now=NOW)
    assert library.paper(paper(1).id) == paper(1, votes=3, abstract="kept")


def test_many_revisions_are_kept_at_once(library: Library) -> None:
    many = [paper(number) for number in range(1_100)]
    library.record(batch(*many, day=MONDAY), now=NOW)
    revisions = tuple(Revision(paper=each, version=2) for each in many)
    library.record(replace(batch(paper(2_000)), revisions=revisions), now=NOW)
    assert len(library.revisions(TUESDAY, TUESDAY)) == 1_100


def test_days_without_papers_are_not_among_those_that_have_some(library: Library) -> None:
    assert library.announced_days() == ()
    library.record(batch(paper(1), day=MONDAY), now=NOW)
    library.record(batch(paper(2), day=MONDAY, source="Another"), now=NOW)
    library.record(batch(state=BatchState.QUIET, day=TUESDAY), now=NOW)
    library.record(batch(paper(3), day=WEDNESDAY), now=NOW)
    assert library.announced_days() == (WEDNESDAY, MONDAY)


def test_several_papers_are_asked_for_at_once(library: Library) -> None:
    library.record(batch(paper(1), paper(2), paper(3)), now=NOW)
    asked = [paper(1).id, paper(3).id, paper(4).id]
    assert sorted(each.id for each in library.papers(asked)) == [paper(1).id, paper(3).id]
    assert library.papers([]) == ()


def found(
    library: Library, typed: str, *, day: date | None = None, most: int = 100
) -> list[tuple[date, PaperId]]:
    wanted = search(typed)
    assert wanted is not None
    return [(each.day, each.paper.id) for each in library.holding(wanted.spellings, day=day, most=most)]


def test_papers_are_found_by_their_words_the_latest_first(library: Library) -> None:
    library.record(batch(paper(1, abstract="Of robots."), paper(2), day=MONDAY), now=NOW)
    library.record(batch(paper(3, abstract="A robot plans."), paper(4)), now=NOW)
    assert found(library, "robot") == [(TUESDAY, paper(3).id), (MONDAY, paper(1).id)]
    assert found(library, "planned robots") == [(TUESDAY, paper(3).id)]
    assert found(library, "robot", day=MONDAY) == [(MONDAY, paper(1).id)]
    assert found(library, "robot", most=1) == [(TUESDAY, paper(3).id)]
    assert found(library, "zebra") == []
    assert found(library, "the") == found(library, "paper")


@pytest.mark.parametrize(
    ("typed", "abstract"),
    [("fine-tuning", "finetuned"), ("finetuning", "fine-tuned"), ("Renyi", "Rényi"), ("Rényi", "renyi")],
)
def test_a_paper_is_found_however_it_writes_a_word(library: Library, typed: str, abstract: str) -> None:
    library.record(batch(paper(1, abstract=abstract), paper(2)), now=NOW)
    assert found(library, typed) == [(TUESDAY, paper(1).id)]


def test_nothing_that_is_typed_stands_for_anything_but_itself(library: Library) -> None:
    library.record(batch(replace(paper(1), title="100% of a_b", authors=("O'Neil \\", 'A "B" C'))), now=NOW)
    for typed in ("o'neil", "100%", '"a_b"', "b\\"):
        assert found(library, typed) == [(TUESDAY, paper(1).id)], typed
    for typed in ("%eil", "n_il", "1__", "' OR 1=1 --x"):
        assert found(library, typed) == [], typed


def test_a_paper_is_found_by_what_it_says_now(library: Library) -> None:
    library.record(batch(paper(1, abstract="Of robots."), day=MONDAY), now=NOW)
    revised = replace(paper(1), title="Speech", abstract="Of voices.")
    library.record(replace(batch(paper(2)), revisions=(Revision(paper=revised, version=2),)), now=NOW)
    assert found(library, "robots") == []
    assert found(library, "voices") == [(MONDAY, paper(1).id)]


def test_papers_are_counted_once_a_day_whoever_announced_them(library: Library) -> None:
    library.record(batch(paper(1), paper(2)), now=NOW)
    library.record(batch(paper(2), paper(3), source="Hugging Face"), now=NOW)
    library.record(batch(paper(1), day=WEDNESDAY), now=LATER)
    library.record(batch(paper(4), day=MONDAY), now=NOW)
    library.record(batch(day=WEDNESDAY, state=BatchState.FAILED, source="Hugging Face"), now=NOW)
    assert library.announced(TUESDAY) == {TUESDAY: 3, WEDNESDAY: 1}
    assert library.announced(MONDAY) == {MONDAY: 1, TUESDAY: 3, WEDNESDAY: 1}
    assert library.announced(WEDNESDAY + timedelta(days=1)) == {}
