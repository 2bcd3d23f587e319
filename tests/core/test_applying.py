from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround import translations
from paperround.config.addresses import address
from paperround.keywords import keyword
from paperround.languages import ENGLISH, Language, Wording
from paperround.ports import Wish
from paperround.settings import NEWCOMER
from paperround.web.applying import (
    LONGEST_KEYWORD,
    MOST_KEYWORDS,
    Application,
    Applied,
    applied,
    blank,
    is_a_trap,
    zones,
)

GERMAN = translations.wording(Language.GERMAN)
ADA = {"address": "ada@example.org", "keywords": "LoRA"}


def asked(wording: Wording = ENGLISH, /, **form: str) -> Applied | Application:
    return applied({**ADA, **form}, NEWCOMER, wording, address=address)


def mistakes(**form: str) -> dict[str, str]:
    found = asked(**form)
    assert isinstance(found, Application)
    return dict(found.mistakes)


def test_what_is_typed_is_asked_for() -> None:
    form = {
        "address": " Ada@Example.org ",
        "keywords": "LoRA\r\n  diffusion   models \n\nLoRA\nlora\n{braces}\n",
        "deliver_at": "18:05",
        "timezone": "Europe/Berlin",
    }
    wish = Wish(
        keywords=("LoRA", "diffusion models", "lora", "{braces}"),
        language=Language.GERMAN,
        timezone=ZoneInfo("Europe/Berlin"),
        deliver_at=time(18, 5),
    )
    assert asked(GERMAN, **form) == Applied(address="Ada@example.org", wish=wish)


def test_an_hour_and_a_zone_may_be_left_out() -> None:
    found = asked()
    assert isinstance(found, Applied)
    assert (found.wish.timezone, found.wish.deliver_at) == (None, None)
    assert asked(deliver_at="00:00", timezone="") == replace(
        found, wish=replace(found.wish, deliver_at=time(0))
    )


@pytest.mark.parametrize("typed", ["", "ada", "ada@", "@example.org", "a b@example.org", "a@b@c", "ä@x.org"])
def test_what_is_no_address_is_told(typed: str) -> None:
    assert mistakes(address=typed) == {"address": "Write the address like ada@example.org."}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Write at least one keyword."),
        (" \n \n", "Write at least one keyword."),
        ("\n".join(f"word {each}" for each in range(MOST_KEYWORDS + 1)), "Write no more than 20 keywords."),
        ("x" * (LONGEST_KEYWORD + 1), f"This keyword is too long: {'x' * 40}…"),
        ("LoRA\n…", "No paper could be found by this: …"),
        ("LoRA\n{x}\n!", "No paper could be found by this: !"),
        ("LoRA\x07", "No paper could be found by this: LoRA\x07"),
    ],
)
def test_what_is_no_keyword_is_told(typed: str, told: str) -> None:
    assert mistakes(keywords=typed) == {"keywords": told}


@pytest.mark.parametrize("typed", ["9", "24:00", "noon", "07:60", "7.30"])
def test_what_is_no_hour_is_told(typed: str) -> None:
    assert mistakes(deliver_at=typed) == {"deliver_at": "Write it like 07:30."}


@pytest.mark.parametrize("typed", ["Berlin", "../etc/passwd", "Etc/GMT+1", "localtime"])
def test_what_is_no_zone_is_told(typed: str) -> None:
    assert mistakes(timezone=typed) == {"timezone": "Choose one from the list."}


def test_all_that_is_wrong_is_told_at_once_and_what_was_typed_stays() -> None:
    found = asked(address="x", keywords="", deliver_at="9", timezone="there")
    assert isinstance(found, Application)
    assert found.mistakes.keys() == {"address", "keywords", "deliver_at", "timezone"}
    assert (found.address, found.keywords, found.deliver_at, found.timezone) == ("x", "", "9", "there")
    empty = blank(NEWCOMER)
    assert replace(found, address="", deliver_at="", timezone="", mistakes={}) == empty


def test_the_form_says_what_holds_where_nothing_is_chosen() -> None:
    newcomer = replace(NEWCOMER, timezone=ZoneInfo("Asia/Tokyo"), deliver_at=time(6, 45))
    assert (blank(newcomer).usual_hour, blank(newcomer).usual_zone) == ("06:45", "Asia/Tokyo")


def test_a_field_that_nobody_sees_is_filled_by_programs() -> None:
    assert is_a_trap({"website": "https://spam.example"})
    assert not is_a_trap({"website": ""})
    assert not is_a_trap({})


def test_the_zones_are_places() -> None:
    assert zones()[0] == "UTC"
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Tokyo"} <= set(zones())
    assert not {"Etc/GMT+1", "EST", "localtime", "US/Eastern"} & set(zones())


@given(st.dictionaries(st.sampled_from(["address", "keywords", "deliver_at", "timezone"]), st.text()))
def test_whatever_is_typed_is_asked_for_or_told(form: dict[str, str]) -> None:
    found = applied(form, NEWCOMER, ENGLISH, address=address)
    if isinstance(found, Application):
        assert found.mistakes
    else:
        assert address(found.address) == found.address
        assert [keyword(each).text for each in found.wish.keywords] == list(found.wish.keywords)
