import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.ports import RequestId, SubscriberId
from paperround.tokens import (
    CONFIRM,
    PREFERENCES,
    UNSUBSCRIBE,
    digest_of,
    digest_token,
    keyed_hash,
    request_of,
    subscriber_of,
    token,
    tokens_in,
)

SECRET = bytes(range(32))
ADA = SubscriberId(7)
DAY = date(2026, 6, 16)


@given(st.integers(min_value=0, max_value=10**18 - 1).map(SubscriberId))
def test_a_token_says_whose_it_is(subscriber: SubscriberId) -> None:
    assert subscriber_of(SECRET, UNSUBSCRIBE, token(SECRET, UNSUBSCRIBE, subscriber)) == subscriber


def test_a_token_stays_what_it_is_in_links_that_were_sent() -> None:
    assert token(SECRET, UNSUBSCRIBE, ADA) == "1-7-z3fae577dawiopj632vzivnoim"


@given(st.integers(min_value=0, max_value=10**18 - 1).map(SubscriberId))
def test_a_token_needs_no_escape_and_ends_in_a_letter_or_digit(subscriber: SubscriberId) -> None:
    assert re.fullmatch(r"[a-z0-9-]+[a-z0-9]", token(SECRET, UNSUBSCRIBE, subscriber))


@given(st.text() | st.from_regex(r"1-[0-9]{1,20}-[a-z2-7]{26}\n?", fullmatch=True))
def test_what_we_did_not_make_is_nobody_s(garbage: str) -> None:
    assert subscriber_of(SECRET, UNSUBSCRIBE, garbage) is None


@given(st.integers(0, 29), st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz-_=.% \n\0é"))
def test_a_token_with_one_character_changed_is_nobody_s(place: int, character: str) -> None:
    genuine = token(SECRET, UNSUBSCRIBE, ADA)
    forged = genuine[:place] + character + genuine[place + 1 :]
    assert (subscriber_of(SECRET, UNSUBSCRIBE, forged) is None) == (forged != genuine)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda own: own + "\n",
        lambda own: " " + own,
        lambda own: own + "=",
        lambda own: own.replace("-7-", "-07-"),
        lambda own: own.replace("-7-", "-\N{ARABIC-INDIC DIGIT SEVEN}-"),
    ],
)
def test_a_token_has_one_spelling(change: Callable[[str], str]) -> None:
    assert subscriber_of(SECRET, UNSUBSCRIBE, change(token(SECRET, UNSUBSCRIBE, ADA))) is None


def test_a_token_serves_one_purpose_of_one_installation() -> None:
    own = token(SECRET, UNSUBSCRIBE, ADA)
    assert subscriber_of(SECRET, PREFERENCES, own) is None
    assert subscriber_of(bytes(32), UNSUBSCRIBE, own) is None


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="has 0 bytes"):
        keyed_hash(b"", "text")


@given(st.integers(min_value=0, max_value=10**18 - 1).map(SubscriberId), st.dates())
def test_the_token_of_a_digest_says_whose_it_is_and_of_which_day(subscriber: SubscriberId, day: date) -> None:
    own = digest_token(SECRET, subscriber, day)
    assert digest_of(SECRET, own) == (subscriber, day)
    assert subscriber_of(SECRET, UNSUBSCRIBE, own) is None
    assert not list(tokens_in(own))


def test_the_token_of_a_digest_stays_what_it_is_in_links_that_were_sent() -> None:
    assert digest_token(SECRET, ADA, DAY) == "1-7-20260616-u3a6izcijdwmegcu4y4byecrmu"


@given(st.text() | st.from_regex(r"1-[0-9]{1,20}-[0-9]{8}-[a-z2-7]{26}\n?", fullmatch=True))
def test_what_we_did_not_make_is_nobody_s_digest(garbage: str) -> None:
    assert digest_of(SECRET, garbage) is None


@given(st.integers(0, 38), st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz-_=.% \n\0é"))
def test_the_token_of_a_digest_with_one_character_changed_is_nobody_s(place: int, character: str) -> None:
    genuine = digest_token(SECRET, ADA, DAY)
    forged = genuine[:place] + character + genuine[place + 1 :]
    assert (digest_of(SECRET, forged) is None) == (forged != genuine)


@given(st.integers(min_value=0, max_value=10**17 - 1).map(RequestId))
def test_a_token_to_confirm_by_says_which_request_and_does_nothing_else(request: RequestId) -> None:
    own = token(SECRET, CONFIRM, request)
    assert request_of(SECRET, own) == request
    assert subscriber_of(SECRET, UNSUBSCRIBE, own) is None
    assert request_of(SECRET, token(SECRET, PREFERENCES, request)) is None
    assert request_of(bytes(32), own) is None
