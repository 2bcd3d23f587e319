"""What text from outside is after it has been cleaned."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.text import clean, prose

ALEF, REH = "\u0627", "\u0631"
JOINER, NON_JOINER, PICTURE = "\u200d", "\u200c", "\ufe0f"

# Letters that meet in ways that plain random text seldom has.
awkward = st.text(
    st.sampled_from(
        "ae 1<\u0301\u0323\u0338\u200d\u200c\ufe0f\ufe00\u2764\u0628\u0928\u094d\u2126\u212b"
        "\u0958\u1100\u1161"
        "\u3099\u304b\ud800\x00\x85\u2028\ufeff\u0344\u20e3\u2800\u1160\u180e\ufb1d\u09c7\u09be\u202e"
        "\U0001f468\U0001f3fb\U0001f1e6\U000e0100"
    )
)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("plain words", "plain words"),
        ("  two\n lines\t\r\n ", "two lines"),
        ("a\u2028b\u2029c\x85d\xa0e\u3000f", "a b c d e f"),
        ("blank\u2800\u3164braille", "blank braille"),
        ("null\x00byte\x1b[31m\x7f\x9f", "nullbyte[31m"),
        ("evil\u202egnp.exe\u2069\u200f\u061c", "evilgnp.exe"),
        ("zero\u200bwidth\ufeff\u2060soft\xadhyphen", "zerowidthsofthyphen"),
        ("tags\U000e0041\U000e0042 end", "tags end"),
        ("lone\ud800surrogate\udfff", "lonesurrogate"),
        ("non\ufffecharacter\U0001ffff\ufdd0", "noncharacter"),
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),
        ("\u0301\u0301 starts with marks", "starts with marks"),
        ("", ""),
        ("\u200b\u202e \n", ""),
    ],
)
def test_what_is_seen_stays_and_the_rest_goes(given_text: str, expected: str) -> None:
    assert clean(given_text) == expected


@pytest.mark.parametrize(
    "word",
    [
        f"{REH}\u0645\u06cc{NON_JOINER}\u062e\u0648\u0627\u0647\u0645",  # Persian: the two halves stay apart
        f"\u0915\u094d{JOINER}\u0937",  # Hindi: half a letter
        f"\U0001f469\U0001f3fd{JOINER}\U0001f52c",  # a scientist
        f"\u2764{PICTURE}{JOINER}\U0001f525",  # a heart on fire
        f"1{PICTURE}\u20e3",  # a keycap
        "\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651",  # Arabic with its vowels
        "Vi\u1ec7t Nam",
    ],
)
def test_joiners_and_selectors_stay_where_they_do_something(word: str) -> None:
    assert clean(word) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize("letter", [JOINER, NON_JOINER, PICTURE, "\U000e0100"])
def test_joiners_and_selectors_go_where_they_do_nothing(letter: str) -> None:
    assert clean(f"pass{letter}word{letter} {letter}end{letter}") == "password end"


def test_a_joiner_goes_from_between_letters_that_never_join() -> None:
    assert clean(f"\u03b1{JOINER}\u03b2{NON_JOINER}\u03b3") == "\u03b1\u03b2\u03b3"


def test_a_letter_bears_only_a_few_marks() -> None:
    heap = clean("z" + "\u0336\u0321" * 500 + "algo")

    assert heap.startswith("z")
    assert heap.endswith("algo")
    assert len(heap) <= len("zalgo") + 4


def test_selectors_cannot_carry_a_hidden_text() -> None:
    hidden = "".join(chr(0xE0100 + byte) for byte in b"a secret")

    assert len(clean("\U0001f642" + hidden + "!")) == 3


@given(st.text() | awkward)
@example("\u212b\u0301\u0f71\u200c\u0323\u0344\u05b0")
@example("\u0d4d\ufb1d\u094d\U000e0100\u0d4d\u200d\u0f72")
@example("1\u2800\ufe00\u0344")
def test_cleaning_again_changes_nothing(value: str) -> None:
    once = clean(value)

    assert clean(once) == once


@given(st.text() | awkward)
def test_clean_text_is_one_line_that_xml_may_hold(value: str) -> None:
    cleaned = clean(value)

    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert len(cleaned.splitlines()) <= 1
    assert all(unicodedata.category(letter) not in {"Cc", "Cs"} for letter in cleaned)
    assert not {"\ufffe", "\uffff"} & set(cleaned)


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_limit_is_kept_and_keeps(value: str, limit: int) -> None:
    cut = clean(value, limit=limit)

    assert len(cut) <= limit
    assert clean(cut, limit=limit) == cut


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("one, two", 6, "one…"),
        ("incomprehensible", 8, "incompr…"),
        ("one two", 1, "…"),
        ("one two", 0, ""),
        ("e\u0323\u0302\u0307x word", 2, "…"),
        ("ab\U0001f469\u200d\U0001f52ccd", 4, "ab…"),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1ee\U0001f1f9", 4, "\U0001f1e9\U0001f1ea…"),
        ("\u8ad6\u6587 \u8ad6\u6587\u8ad6\u6587\u8ad6\u6587", 7, "\u8ad6\u6587 \u8ad6\u6587\u8ad6…"),
    ],
)
def test_a_text_is_cut_at_the_end_of_a_word(value: str, limit: int, expected: str) -> None:
    assert clean(value, limit=limit) == expected


def test_prose_is_clean_and_its_tex_readable() -> None:
    assert prose(" $R^2$-Tuning\u202e:\n 3.2\\% ") == "R²-Tuning: 3.2%"


def test_prose_is_cut_after_its_tex_was_read() -> None:
    assert prose(r"\textbf{Geometry} of $\mathcal{O}(n^2)$ nets", limit=17) == "Geometry of…"


def test_what_hides_in_a_macro_is_gone_before_the_macro_is_read() -> None:
    assert prose("\\text\u200bbf{bold}") == "bold"


def test_a_line_break_in_tex_is_no_comment() -> None:
    assert prose("gains 5% on X.\nAnd more.") == "gains 5% on X. And more."


@pytest.mark.parametrize(
    "letters", ["\u0301", "a\u0301", "\u200d", "\u0301 ", "\U0001f1e6", "\ufe0f", "\u2764\u200d"]
)
def test_a_long_and_hostile_text_is_cleaned_in_time(letters: str) -> None:
    value = letters * (100_000 // len(letters))

    assert len(clean(value, limit=90_000)) <= 90_000
