import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.excerpts import LONGEST, cut, sentences, telling
from paperround.keywords import keyword, marks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It wins, e.g. BERT, by far. Yes.", ["It wins, e.g. BERT, by far.", "Yes."]),
        ("Smith et al. (2020) did. So do we.", ["Smith et al. (2020) did.", "So do we."]),
        ("As shown by Smith et al. We extend it.", ["As shown by Smith et al.", "We extend it."]),
        ("See Fig. 3 and Eq. 4. Done.", ["See Fig. 3 and Eq. 4.", "Done."]),
        ("It gains 3.5 points. Great.", ["It gains 3.5 points.", "Great."]),
        ("J. K. Rowling wrote. He read.", ["J. K. Rowling wrote.", "He read."]),
        ("We test class A. The rest follows.", ["We test class A.", "The rest follows."]),
        ("Code at https://a.example/b.c. It runs.", ["Code at https://a.example/b.c.", "It runs."]),
        ("(We say so.) “Really?” Yes.", ["(We say so.)", "“Really?”", "Yes."]),
        ("Cats (they sleep. A lot.) are fine. Yes.", ["Cats (they sleep. A lot.) are fine.", "Yes."]),
        ("A smile :( is sad. It ends.", ["A smile :( is sad.", "It ends."]),
        ("我们提出。它很好！", ["我们提出。", "它很好！"]),  # noqa: RUF001 - full-width marks end sentences
        ("", []),
        (" \n ", []),
    ],
)
def test_a_text_is_split_where_its_sentences_end(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@given(st.text(alphabet="aA1.!?。 \n(“”)$\\é", max_size=200))
def test_splitting_loses_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


ABSTRACT = (
    "Diffusion models are slow. We propose a cache. Planning with an LLM is hard. "
    "Our LoRA adapter makes diffusion models fast."
)


def test_the_sentence_with_the_heaviest_keywords_is_taken() -> None:
    words = [keyword("diffusion model"), keyword("planning", weight=5)]
    assert telling(ABSTRACT, words) == "Planning with an LLM is hard."


def test_a_sentence_does_not_begin_with_the_citation_before_it() -> None:
    assert telling("It was known. [1, 2] LoRA is fast [3].", [keyword("LoRA")]) == "LoRA is fast [3]."


def test_two_keywords_weigh_more_than_one() -> None:
    words = [keyword("diffusion model"), keyword("LoRA")]
    assert telling(ABSTRACT, words) == "Our LoRA adapter makes diffusion models fast."


def test_a_keyword_that_occurs_twice_counts_once() -> None:
    text = "Cats chase cats and cats. A dog sees a cat."
    assert telling(text, [keyword("cat"), keyword("dog")]) == "A dog sees a cat."


def test_half_of_a_keyword_weighs_half() -> None:
    text = "Planning is old. Graphs are new."
    assert telling(text, [keyword("planning", "LLM"), keyword("graph", weight=0.6)]) == "Graphs are new."


def test_among_equals_the_stated_contribution_is_taken() -> None:
    text = "Graphs are everywhere. We introduce a graph. Graphs win."
    assert telling(text, [keyword("graph")]) == "We introduce a graph."


def test_among_equals_without_a_claim_the_first_is_taken() -> None:
    assert telling("Graphs are old. Graphs are new.", [keyword("graph")]) == "Graphs are old."


def test_without_a_match_the_stated_contribution_is_taken() -> None:
    assert telling(ABSTRACT, [keyword("chemistry")]) == "We propose a cache."


def test_without_match_or_claim_the_first_sentence_is_taken() -> None:
    assert telling("Cats purr. Dogs bark.", []) == "Cats purr."


def test_nothing_is_told_of_an_empty_abstract() -> None:
    assert telling("", [keyword("graph")]) == ""


def test_a_long_sentence_is_cut_at_a_word() -> None:
    told = telling("word " * 200, [])
    assert len(told) <= LONGEST
    assert told.endswith("word…")


def test_a_match_far_into_a_long_sentence_is_shown() -> None:
    words = [keyword("LoRA")]
    told = telling("word " * 200 + "with LoRA inside " + "word " * 200, words)
    assert told.startswith("…word")
    assert len(told) <= LONGEST + 1
    assert [told[start:end] for start, end in marks(words, told)] == ["LoRA"]


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("hello world", 11, "hello world"),
        ("hello world foo", 12, "hello world…"),
        ("hello world foo", 11, "hello…"),
        ("hello, world", 8, "hello…"),
        ("a" * 50, 10, "a" * 9 + "…"),
    ],
)
def test_a_text_is_cut_at_the_last_word_that_fits(text: str, longest: int, expected: str) -> None:
    assert cut(text, longest) == expected


@given(st.text(max_size=60), st.integers(min_value=2, max_value=60))
@example(" " * 60, 10)
@example("," * 60, 10)
def test_a_cut_text_is_never_too_long(text: str, longest: int) -> None:
    assert len(cut(text, longest)) <= longest


@given(st.text(max_size=500))
@example(". A" * 100)
def test_any_abstract_has_a_sentence_or_nothing_in_it(text: str) -> None:
    told = telling(text, [keyword("graph"), keyword("a")])
    assert bool(told) == bool(text.strip())
    assert len(told) <= LONGEST + 1
