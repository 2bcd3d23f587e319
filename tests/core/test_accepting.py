import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.languages import Language
from paperround.web.accepting import language_of


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", Language.ENGLISH),
        ("de", Language.GERMAN),
        ("de-AT", Language.GERMAN),
        ("DE;q=0.5", Language.GERMAN),
        ("fr, de;q=0.7, en;q=0.8", Language.ENGLISH),
        ("fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5", Language.GERMAN),
        ("de, en", Language.GERMAN),
        ("de;q=0", Language.ENGLISH),
        ("de;q=0, en;q=0.1", Language.ENGLISH),
        ("de;q=2", Language.ENGLISH),
        ("german", Language.ENGLISH),
        ("*", Language.ENGLISH),
        ("de;" * 10_000, Language.ENGLISH),
    ],
)
def test_whoever_asks_is_answered_in_the_first_of_their_languages_that_is_ours(
    accepted: str, language: Language
) -> None:
    assert language_of(accepted) is language


@given(st.text())
def test_whatever_is_said_some_language_is_answered(accepted: str) -> None:
    assert language_of(accepted) in Language
