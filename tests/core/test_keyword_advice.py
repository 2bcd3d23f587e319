"""What is said of keywords that match too much or nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.keyword_advice import (
    COMMON,
    FEWEST_DAYS,
    FEWEST_PAPERS,
    MOST_SUGGESTIONS,
    Advice,
    Phrases,
    Suggestion,
    advise,
)
from paperround.papers import Paper, PaperId


def papers(*texts: str, of: int = FEWEST_PAPERS) -> list[Paper]:
    """Return so many papers with these abstracts, the rest of them about nothing in particular."""
    abstracts = [*texts, *["Nothing in particular is said."] * (of - len(texts))]
    return [
        Paper(
            id=PaperId(f"test:{number}"),
            title="A title",
            abstract=abstract,
            url="https://example.org/",
            published=date(2026, 6, 16),
        )
        for number, abstract in enumerate(abstracts)
    ]


def advice(keyword: str | Phrases, *texts: str, days: int = FEWEST_DAYS) -> Advice | None:
    phrases = (keyword,) if isinstance(keyword, str) else keyword
    return advise([phrases], papers(*texts), days=days).get(phrases)


def suggestions(keyword: str | Phrases, *texts: str, days: int = FEWEST_DAYS) -> dict[str, float] | None:
    told = advice(keyword, *texts, days=days)
    return None if told is None else {" + ".join(each.phrases): each.share for each in told.suggestions}


def test_a_keyword_that_chooses_is_not_told_of() -> None:
    assert advice("agents", *["An agent plans."] * 40) is None


def test_a_keyword_of_more_than_a_fifth_of_the_papers_is_told_with_narrower_ones() -> None:
    texts = ["An LLM agent plans."] * 12 + ["With agent memory."] * 6 + ["The agent."] * 24
    assert advice("agent", *texts) == Advice(
        share=0.21,
        suggestions=(
            Suggestion(phrases=("LLM agent",), share=0.06),
            Suggestion(phrases=("agent memory",), share=0.03),
        ),
    )


def test_what_is_suggested_matches_as_it_would_for_a_reader() -> None:
    texts = ["An LLM agent."] * 8 + ["Of LLM agents."] * 10 + ["The LLM-agent."] * 2 + ["Agents."] * 25
    assert suggestions("agent", *texts) == {"LLM agents": 0.1}


def test_a_neighbour_that_is_no_narrower_is_not_suggested() -> None:
    assert suggestions("model", *["A language model."] * 60) == {}


@pytest.mark.parametrize(
    "text", ["The agent of it.", "An agent, 3 times.", "An agent. Planning.", "An agent"]
)
def test_a_neighbour_that_says_nothing_is_not_suggested(text: str) -> None:
    assert suggestions("agent", *[text] * 10, *["Agents"] * 50) == {}


def test_a_word_that_stands_elsewhere_as_often_is_no_neighbour() -> None:
    texts = ["An agent wins; it plans, and wins."] * 4 + ["It wins by an agent."] * 50
    assert suggestions("agent", *texts) == {}


def test_no_more_than_three_are_suggested_the_widest_first() -> None:
    kinds = {"GUI": 12, "web": 10, "AI": 8, "LLM": 6}
    texts = [f"A {kind} agent." for kind, count in kinds.items() for _ in range(count)]
    found = suggestions("agent", *texts, *["Agents."] * 20)
    assert found is not None
    assert list(found) == ["GUI agent", "web agent", "AI agent"]
    assert len(found) == MOST_SUGGESTIONS


def test_several_phrases_that_are_too_common_are_told_without_a_suggestion() -> None:
    assert advice(("agent", "LLM"), *["An LLM agent."] * 60) == Advice(share=0.3, suggestions=())


@pytest.mark.parametrize(
    ("keyword", "text", "instead"),
    [
        ("difusion models", "Diffusion models.", "Diffusion models"),
        ("retreival", "By retrieval.", "retrieval"),
        ("RaG", "With RAG.", "RAG"),
        ("LORA", "A LoRA.", "LoRA"),
        ("multimodel learning", "Multi-modal: multimodal learning.", "multimodal learning"),
    ],
)
def test_a_slip_is_told_with_the_spelling_of_the_papers(keyword: str, text: str, instead: str) -> None:
    assert suggestions(keyword, *[text] * 8) == {instead: 0.04}


def test_a_spelling_that_one_paper_has_is_not_suggested() -> None:
    assert suggestions("retreival", "By retrieval.") == {}


def test_short_words_are_not_taken_for_slips_of_each_other() -> None:
    assert suggestions("sad", *["A sat b."] * 8) == {}


def test_a_phrase_that_matches_nothing_is_told_with_the_parts_that_do() -> None:
    texts = ["Video diffusion."] * 8 + ["Diffusion is efficient."] * 4
    assert suggestions("efficient video diffusion", *texts) == {"video diffusion": 0.04}


def test_words_that_never_stand_side_by_side_may_be_asked_for_together() -> None:
    assert suggestions("planning robots", *["Robots are planning."] * 4) == {"planning + robots": 0.02}


def test_single_words_are_suggested_where_nothing_more_matches() -> None:
    assert suggestions("theory of catalysts", *["Catalysts."] * 4) == {"catalysts": 0.02}


def test_several_phrases_that_never_meet_are_told_one_by_one() -> None:
    texts = ["Planning."] * 8 + ["An LLM."] * 4
    assert suggestions(("planning", "LLM"), *texts) == {"planning": 0.04, "LLM": 0.02}


def test_a_slip_in_one_of_several_phrases_is_mended_in_its_place() -> None:
    assert suggestions(("agnet", "LLM"), *["An LLM agent."] * 4) == {"agent + LLM": 0.02}


def test_what_is_nowhere_is_told_without_a_suggestion() -> None:
    assert advice("Koopman") == Advice(share=0, suggestions=())


def test_within_a_few_days_only_a_slip_is_told_of() -> None:
    assert advice("Koopman", days=FEWEST_DAYS - 1) is None
    assert suggestions("difusion", *["By diffusion."] * 8, days=1) == {"diffusion": 0.04}
    assert advice("difusion", *["Diffusive."] * 8, days=1) is None


def test_few_papers_say_nothing() -> None:
    few = papers(*["An agent."] * 100)[: FEWEST_PAPERS - 1]
    assert advise([("agent",), ("Koopman",)], few, days=20) == {}
    assert advise([("agent",)], [], days=0) == {}


def test_a_keyword_of_the_source_counts_as_text_of_its_own() -> None:
    stored = papers()
    tagged = [Paper(id=PaperId("test:x"), title="Of", url="https://example.org/", published=date(2026, 6, 16),
                    abstract="video", keywords=("diffusion", "video", "models"))]  # fmt: skip
    told = advise([("diffusion models",), ("diffusion",), ("video diffusion",)], [*stored, *tagged], days=9)
    assert told.keys() == {("diffusion models",), ("video diffusion",)}


def test_a_rare_keyword_is_looked_for_in_all_papers_and_not_in_a_few() -> None:
    many = papers(*["Nothing.", "A Koopman operator."], of=6_000)
    assert advise([("Koopman",)], many, days=20) == {}


WORDS = st.sampled_from(["agent", "LLM", "memory", "agents", "plan", "the", "of"])
TEXTS = st.lists(st.lists(WORDS, max_size=6), max_size=40)
KEYWORDS = st.lists(
    st.sampled_from(["agent", "LLM", "memroy", "plan", "agent-memory"]), min_size=1, max_size=2
)


@given(TEXTS, KEYWORDS)
def test_whatever_is_suggested_chooses_and_is_something_else(
    texts: list[list[str]], words: list[str]
) -> None:
    phrases = tuple(dict.fromkeys(words))
    stored = papers(*(" ".join(text) for text in texts for _ in range(5)))
    for told in advise([phrases], stored, days=20).values():
        assert told.share == 0 or told.share > COMMON
        for each in told.suggestions:
            assert each.share > 0
            assert each.phrases != phrases
            assert not told.share or each.share < told.share
