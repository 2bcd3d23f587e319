"""Why a paper meets an interest, in words."""

from paperround.digests import How, Match
from paperround.reasons import matching


def match(
    term: str, how: How = How.WORDS, *forms: str, where: tuple[str, ...] = ("title",), weight: float = 0.5
) -> Match:
    return Match(term=term, where=where, forms=forms, how=how, weight=weight)


def test_what_is_met_in_words_is_told_with_its_places() -> None:
    found = [
        match("LoRA", How.WORDS, "LoRA", where=("title", "abstract")),
        match("cs.RO", where=("categories",)),
    ]
    assert matching(found) == ("Matches LoRA in the title and the abstract and cs.RO in its categories",)


def test_a_form_is_named_where_it_is_another_than_the_one_asked_for() -> None:
    assert matching([match("fine-tuning", How.WORDS, "finetuned")]) == (
        "Matches fine-tuning (as “finetuned”) in the title",
    )
    assert matching([match("agent", How.WORDS, "agents", "Agent")]) == ("Matches agent in the title",)


def test_words_that_stand_apart_are_named_with_the_interest_they_are_of() -> None:
    found = [match("humanoid locomotion", How.SCATTERED, "humanoid", "locomotion")]
    assert matching(found) == ("Speaks of humanoid and locomotion in the title, for “humanoid locomotion”",)


def test_a_long_sentence_is_cut_and_of_its_words_few_are_named() -> None:
    found = [match(f"robots {'that learn ' * 20}", How.SCATTERED, "a", "b", "c", "d")]
    (told,) = matching(found)
    assert told.startswith("Speaks of a, b and c in the title, for “robots that")
    assert told.endswith("…”")


def test_each_way_has_a_sentence_of_its_own() -> None:
    found = [match("cats", How.MEANING, where=()), match("dogs", How.WORDS, "dogs")]
    assert matching(found) == ("Matches dogs in the title", "Near in meaning to “cats”")


def test_what_counts_most_is_told_first() -> None:
    sentence = match("robots that learn from people", How.SCATTERED, "robots", weight=0.7)
    told = matching([match("agent", How.WORDS, "agent", weight=0.3), sentence])
    assert [each.partition(" ")[0] for each in told] == ["Speaks", "Matches"]


def test_resemblance_is_told_where_there_is_nothing_better() -> None:
    like = match("cats", How.RESEMBLING, where=())
    assert matching([like]) == ("Resembles papers on cats",)
    assert matching([match("dogs", How.WORDS, "dogs"), like]) == ("Matches dogs in the title",)
    assert matching([]) == ()
