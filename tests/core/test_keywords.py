"""What a keyword matches, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.keywords import (
    Lexicon,
    NotAKeyword,
    apart,
    asked_words,
    exclusion,
    is_sentence,
    keyword,
    marks,
    occurrences,
)
from paperround.vocabulary import stem, tokens


def matches(phrase: str, text: str) -> bool:
    return bool(Lexicon([phrase]).find(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("rag", "RAG for long documents"),
        ("rag", "several RAGs"),
        ("fine-tuning", "we fine tuned it"),
        ("fine-tuning", "finetuning"),
        ("finetuning", "a fine-tuned model"),
        ("fine tuned", "to finetune"),
        ("multimodal", "multi-modal"),
        ("multi-modal", "multimodal"),
        ("e-mail", "email"),
        ("email", "e-mail"),
        ("diffusion models", "Diffusion Model"),
        ("diffusion models", "diffusion-model"),
        ("Diffusion Models", "a diffusion model"),
        ("vision-language-action", "vision language action"),
        ("retrieval augmented generation", "Retrieval-Augmented Generation (RAG)"),
        ("Kolmogorov-Arnold networks", "the Kolmogorov–Arnold network"),
        ("LLM", "LLMs"),
        ("llm", "LLMs"),
        ("llm", "llms"),
        ("SAM", "SAM's masks"),
        ("GAN", "GANs"),
        ("GANs", "a GAN"),
        ("gan", "GANs"),
        ("LoRA", "a LoRA-based method"),
        ("LoRA", "LoRAs"),
        ("VAE", "VAEs"),
        ("H100", "eight H100s"),
        ("AutoGPT", "Auto-GPT"),
        ("Auto-GPT", "AutoGPT"),
        ("C++", "in C++ code"),
        ("LARGE LANGUAGE MODELS", "a large language model"),
        ("Poincare", "the Poincaré ball"),
        ("Poincaré", "the Poincare ball"),
        ("planning", "plans"),
        ("robotics", "robotic"),
        ("R", "in R and Julia"),
    ],
)
def test_a_keyword_matches(phrase: str, text: str) -> None:
    assert matches(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("rag", "storage"),
        ("rag", "fragment"),
        ("rag", "ragged"),
        ("agent", "agentic"),
        ("agent", "reagents"),
        ("rl", "url"),
        ("nas", "NASA"),
        ("nas", "n as in"),
        ("SAM", "sam"),
        ("GAN", "gan"),
        ("LoRA", "lora"),
        ("LoRA", "QLoRA"),
        ("AI", "ai"),
        ("R", "r"),
        ("c", "C++"),
        ("C++", "c"),
        ("diffusion models", "models of diffusion"),
        ("diffusion models", "by diffusion. Models are"),
        ("diffusion models", "diffusion, models"),
        ("diffusion models", "diffusion of models"),
    ],
)
def test_a_keyword_does_not_match(phrase: str, text: str) -> None:
    assert not matches(phrase, text)


def test_many_phrases_are_found_in_one_pass_with_their_places() -> None:
    text = "LoRA: fine-tuning with LoRAs, and finetuning without"
    found = Lexicon(["LoRA", "fine tuning", "absent"]).find(text)
    assert {phrase: [text[start:end] for start, end in spans] for phrase, spans in found.items()} == {
        "LoRA": ["LoRA", "LoRAs"],
        "fine tuning": ["fine-tuning", "finetuning"],
    }


def test_marks_that_overlap_become_one() -> None:
    text = "large language models"
    assert marks([keyword("large language"), keyword("language models")], text) == ((0, len(text)),)


def test_a_keyword_of_several_phrases_marks_each_of_them() -> None:
    text = "planning with an LLM"
    spans = marks([keyword("planning", "LLM")], text)
    assert [text[start:end] for start, end in spans] == ["planning", "LLM"]


@pytest.mark.parametrize("phrase", ["", "   ", "—", "!?", "🎉"])
def test_a_keyword_without_a_word_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="no word"):
        keyword(phrase)


def test_a_sentence_may_be_long_but_not_without_end() -> None:
    assert is_sentence(keyword(" ".join(["word"] * 1000)).text)
    with pytest.raises(ValueError, match="1001 words"):
        keyword(" ".join(["word"] * 1001))


def test_what_rules_papers_out_and_what_must_occur_together_are_phrases() -> None:
    long = " ".join(["word"] * 13)
    with pytest.raises(ValueError, match="13 words"):
        exclusion(long)
    with pytest.raises(ValueError, match="13 words"):
        keyword("planning", long)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("retrieval augmented generation", False),
        ("learning of planning with an LLM", False),
        ("vision language action models for robots", True),
        ("I am looking for papers on robots that learn from few demonstrations", True),
    ],
)
def test_a_sentence_is_told_from_a_term_by_the_words_that_say_something(text: str, *, sentence: bool) -> None:
    assert is_sentence(text) is sentence


def test_what_authors_demonstrate_is_no_demonstration() -> None:
    assert len({stem(word) for word in ("demonstrate", "demonstrates", "demonstrated")}) == 1
    assert stem("demonstrations") == stem("demonstration") != stem("demonstrate")


def test_what_a_person_asks_with_is_not_looked_for() -> None:
    words = asked_words("I am looking for papers on robots that learn from few demonstrations")
    assert [word.folded for word in words] == ["robots", "learn", "demonstrations"]


def test_the_words_of_a_phrase_are_marked_where_it_does_not_stand_as_a_whole() -> None:
    text = "Locomotion for humanoid robots, and locomotion of cats"
    assert [text[start:end] for start, end in marks([keyword("humanoid locomotion")], text)] == [
        "Locomotion",
        "humanoid",
        "locomotion",
    ]
    assert marks([keyword("humanoid locomotion")], "Humanoid robots") == ()


def test_of_a_sentence_the_words_that_occur_are_marked() -> None:
    text = "Robots learn to fold laundry"
    wanted = keyword("robots that learn manipulation of laundry from few demonstrations")
    assert [text[start:end] for start, end in marks([wanted], text)] == ["Robots", "learn", "laundry"]


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_any_text_can_be_looked_through(text: str, phrases: list[str]) -> None:
    for spans in Lexicon(phrases).find(text).values():
        assert spans
        assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.from_regex(r"[a-z]{2,10}( [a-z]{2,10}){0,3}", fullmatch=True))
def test_every_phrase_matches_itself_in_any_capitals(phrase: str) -> None:
    assert matches(phrase, phrase)
    assert matches(phrase, phrase.upper())
    assert matches(phrase, phrase.title())
    assert matches(phrase, phrase.replace(" ", "-"))


TOLD = st.lists(
    st.sampled_from(
        (
            *("lie", "lying", "dies", "dye", "news", "new", "skies", "sky", "a", "of", "models", "model's"),
            *("fine", "tuning", "finetuning", "fine-tuning", "n", "as", "nas", "LLMs", "llm", "U", "U.S."),
            *("C++", "é", "über", "Erdős'"),
        )
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


@given(phrase=TOLD, text=TOLD)
def test_a_text_that_is_passed_over_for_its_first_letters_holds_nothing(phrase: str, text: str) -> None:
    try:
        sought = keyword(phrase)
    except NotAKeyword:
        return
    if is_sentence(sought.text):  # of which a text need not hold all
        return
    found = Lexicon(sought.phrases).find(text)
    scattered = apart(sought.text, tokens(text))

    held = occurrences((sought,), text)

    assert set(found) <= set(held)
    assert (sought.text in held) == (sought.text in found or (bool(scattered) and all(scattered.values())))
