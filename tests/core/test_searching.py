"""What is typed to find papers, and which papers hold it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.days import paper

from paperround.searching import LONGEST, MOST_WORDS, search, stems


def found(typed: str, **about: object) -> bool:
    wanted = search(typed)
    assert wanted is not None
    one = paper("A title", **about)
    return list(wanted.finds([one])) == [one]


def kept(typed: str, **about: object) -> bool:
    """Return whether what is kept of a paper's words holds one spelling of each phrase."""
    wanted = search(typed)
    assert wanted is not None
    words = stems(paper("A title", **about))
    return all(any(words.issuperset(way) for way in ways) for ways in wanted.spellings)


@pytest.mark.parametrize(
    ("typed", "abstract"),
    [
        ("diffusion model", "Models of diffusion."),
        ('"diffusion model"', "Latent diffusion models."),
        ("“diffusion model”", "Latent diffusion-model."),
        ('"diffusion model', "A quotation mark that was never closed: diffusion models."),
        ("fine-tuning", "We fine-tuned it."),
        ("fine-tuning", "Finetuning."),
        ("finetuning", "We fine-tuned it."),
        ("LoRA", "LoRAs"),
        ("lora", "LoRA"),
        ("Renyi", "The Rényi entropy."),
        ("Rényi", "The Renyi entropy."),
        ("possible studies", "The possibility of a study."),
        ("C++", "In C++ code."),
        ("the", "The words that say nothing."),
        ("扩散", "扩散"),
    ],
)
def test_a_search_finds(typed: str, abstract: str) -> None:
    assert found(typed, abstract=abstract)
    assert kept(typed, abstract=abstract)


@pytest.mark.parametrize(
    ("typed", "abstract"),
    [
        ("diffusion model", "Diffusion."),
        ('"diffusion model"', "Models of diffusion."),
        ("SAM", "Sam and the same."),
        ("rag", "On average, storage is large."),
    ],
)
def test_a_search_does_not_find(typed: str, abstract: str) -> None:
    assert not found(typed, abstract=abstract)


def test_words_may_stand_in_any_part_of_a_paper_and_a_phrase_in_one() -> None:
    about = {
        "abstract": "Of robots.",
        "authors": ("Ada Lovelace", "Yann LeCun"),
        "organization": "Meta AI",
        "keywords": ("planning",),
    }
    assert found("title robots lovelace LeCun meta planning", **about)
    assert kept("title robots lovelace LeCun meta planning", **about)
    assert not found('"lovelace yann"', **about)


@pytest.mark.parametrize("typed", ["", "   ", "%", '"', "%_\"'", "—", "\x00", "\ud800", '"" “”'])
def test_what_holds_no_word_is_no_search(typed: str) -> None:
    assert search(typed) is None


def test_what_is_too_long_is_left_out() -> None:
    wanted = search("word " * 10_000)
    assert wanted is not None
    assert len(wanted.text) <= LONGEST
    many = search(" ".join(f"w{number}" for number in range(MOST_WORDS + 5)))
    assert many is not None
    assert many.phrases == tuple(f"w{number}" for number in range(MOST_WORDS))


@given(st.text(max_size=300))
def test_whatever_is_typed_is_searched_for_or_not(typed: str) -> None:
    wanted = search(typed)
    if wanted is not None:
        assert len(wanted.keywords) == len(wanted.spellings) == len(wanted.phrases) > 0
        list(wanted.finds([paper("A title", abstract=typed)]))


WORDS = st.lists(
    st.sampled_from(["LoRA", "models", "fine", "tuning", "studies", "Rényi", "of", "R"]), min_size=1
)


@given(WORDS, st.sampled_from([" ", "-"]))
def test_what_a_search_finds_is_kept_in_its_words(words: list[str], between: str) -> None:
    text = between.join(words)
    for typed in (text, f'"{text}"', *words):
        wanted = search(typed)
        if wanted and found(typed, abstract=text):
            assert kept(typed, abstract=text)
