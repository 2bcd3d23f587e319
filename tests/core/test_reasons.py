"""Why a paper meets an interest, in words."""

from dataclasses import replace
from datetime import date

from paperround import translations
from paperround.digests import How, Match, Pick, Section
from paperround.languages import ENGLISH, Language
from paperround.papers import Paper, PaperId
from paperround.reasons import matching, reasons


def match(
    term: str, how: How = How.WORDS, *forms: str, where: tuple[str, ...] = ("title",), weight: float = 0.5
) -> Match:
    return Match(term=term, where=where, forms=forms, how=how, weight=weight)


def test_what_is_met_in_words_is_told_with_its_places() -> None:
    found = [
        match("LoRA", How.WORDS, "LoRA", where=("title", "abstract")),
        match("cs.RO", where=("categories",)),
    ]
    assert matching(found, ENGLISH) == (
        "Matches LoRA in the title and the abstract; cs.RO in its categories",
    )


def test_a_form_is_named_where_it_is_another_than_the_one_asked_for() -> None:
    assert matching([match("fine-tuning", How.WORDS, "finetuned")], ENGLISH) == (
        "Matches fine-tuning (as “finetuned”) in the title",
    )
    assert matching([match("agent", How.WORDS, "agents", "Agent")], ENGLISH) == (
        "Matches agent in the title",
    )


def test_words_that_stand_apart_are_named_with_the_interest_they_are_of() -> None:
    found = [match("humanoid locomotion", How.SCATTERED, "humanoid", "locomotion")]
    assert matching(found, ENGLISH) == (
        "Speaks of humanoid and locomotion in the title, for “humanoid locomotion”",
    )


def test_a_long_sentence_is_cut_and_of_its_words_few_are_named() -> None:
    found = [match(f"robots {'that learn ' * 20}", How.SCATTERED, "a", "b", "c", "d")]
    (told,) = matching(found, ENGLISH)
    assert told.startswith("Speaks of a, b and c in the title, for “robots that")
    assert told.endswith("…”")


def test_each_way_has_a_sentence_of_its_own() -> None:
    found = [match("cats", How.MEANING, where=()), match("dogs", How.WORDS, "dogs")]
    assert matching(found, ENGLISH) == ("Matches dogs in the title", "Near in meaning to “cats”")


def test_what_counts_most_is_told_first() -> None:
    sentence = match("robots that learn from people", How.SCATTERED, "robots", weight=0.7)
    told = matching([match("agent", How.WORDS, "agent", weight=0.3), sentence], ENGLISH)
    assert [each.partition(" ")[0] for each in told] == ["Speaks", "Matches"]


def test_resemblance_is_told_where_there_is_nothing_better() -> None:
    like = match("cats", How.RESEMBLING, where=())
    assert matching([like], ENGLISH) == ("Resembles papers on cats",)
    assert matching([match("dogs", How.WORDS, "dogs"), like], ENGLISH) == ("Matches dogs in the title",)
    assert matching([], ENGLISH) == ()


def pick(section: Section, *matched: Match, votes: int | None = None, follows: tuple[str, ...] = ()) -> Pick:
    day = date(2026, 6, 16)
    known = Paper(id=PaperId("x:1"), title="X", url="https://example.org/1", published=day, votes=votes)
    return Pick(
        paper=known,
        section=section,
        relevance=0.5,
        announced=day,
        matched=matched,
        follows=follows,
        late=True,
    )


def test_whom_a_reader_follows_comes_before_what_is_met_and_lateness_last() -> None:
    own = match("Ann Other", where=("authors",))
    told = reasons(pick(Section.AUTHORS, own, match("LoRA"), follows=("Ann Other", "Bo")), ENGLISH)
    assert told == (
        "By Ann Other and Bo, whom you follow",
        "Matches LoRA in the title",
        "Arrived after your last digest",
    )


def test_what_everybody_reads_says_by_how_many_and_not_what_it_is_like() -> None:
    like = match("cats", How.RESEMBLING, where=())
    assert reasons(pick(Section.TRENDING, like, votes=1), ENGLISH)[:-1] == ("Read by many: 1 vote",)
    assert reasons(pick(Section.FOR_YOU, like), ENGLISH)[0] == "Resembles papers on cats"


def test_a_new_version_says_so_first_and_that_it_is_like_others_after_it() -> None:
    update = replace(pick(Section.UPDATES, match("cats", How.RESEMBLING, where=())), version=3, late=False)
    assert reasons(update, ENGLISH) == ("Version 3 of a paper that you had", "Resembles papers on cats")


def test_reasons_are_said_in_the_language_of_the_reader() -> None:
    german = translations.wording(Language.GERMAN)
    found = [
        match("fine-tuning", How.WORDS, "finetuned", where=("title", "abstract"), weight=0.9),
        match("Hugging Face", where=("organization",), weight=0.8),
        match("robots that learn", How.SCATTERED, "robots", "learn", where=("abstract",), weight=0.5),
        match("cats", How.MEANING, where=(), weight=0.2),
    ]
    update = replace(pick(Section.UPDATES, *found, follows=("Ann Other",)), version=2)
    assert reasons(update, german) == (
        "Version 2 eines Artikels, den Sie schon erhalten haben",
        "Sie folgen Ann Other",
        ("fine-tuning (als „finetuned“) im Titel und in der Zusammenfassung; Hugging Face als Organisation"),
        "Nennt robots und learn in der Zusammenfassung, passend zu „robots that learn“",
        "Inhaltlich nah an „cats“",
        "Erst nach Ihrer letzten Ausgabe eingetroffen",
    )
    trending = pick(Section.TRENDING, votes=1200)
    assert reasons(trending, german)[0] == "Von vielen gelesen: 1.200 Stimmen"
    assert matching([match("cats", How.RESEMBLING)], german) == ("Ähnelt Artikeln zu cats",)
