"""What readers chose is written into their file, and everything else in it stays as somebody wrote it."""

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.subscribers_file import loaded

from paperround.config.writing import exported, written
from paperround.keywords import exclusion, keyword
from paperround.preferences import Hour, Overlay, Rhythm, Topics
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Cadence, Pause

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FILE = """\
# who reads
defaults: {days: [mon], exclude: [survey]}
subscribers:
  # Ada asked for it in May
  - email: ada@example.org # by mail
    max_papers: 5 # not more
    keywords:
      # her thesis
      - diffusion models # since 2024
      - {term: LoRA, weight: 3}

      - {all: [planning, LLM], at_most: 2} # both
    authors: [Yann LeCun, # a friend
              Ann Other]
  # Grace
  - {email: grace@example.org, keywords: [robots, LoRA], max_papers: 3} # always
"""


def export(overlay: Overlay, address: str = "ada@example.org", *, text: str = FILE) -> str:
    """Return the file after what was chosen is written into it, having looked whether it says that."""
    before = loaded(text)
    (reader,) = (each for each in before.settings.subscribers if each.address == address)
    edit = exported(before, text, reader, overlay)
    after = loaded(edit.text).settings.subscribers
    others = [each for each in before.settings.subscribers if each.address != address]
    assert [each for each in after if each.address != address] == others, edit.text
    assert edit.holds(next(each for each in after if each.address == address)), edit.text
    return edit.text


def chosen(topics: Topics | None = None, **others: object) -> Overlay:
    return replace(Overlay(topics=topics, chosen_at=NOW), **others)  # type: ignore[arg-type]


def test_single_values_stand_where_they_stood_and_else_below_the_address() -> None:
    hour = Hour(at=time(18, 30), timezone=ZoneInfo("Asia/Kolkata"))
    text = export(chosen(hour=hour, max_papers=7))
    assert text == FILE.replace("max_papers: 5 #", "max_papers: 7 #").replace(
        "# by mail\n", '# by mail\n    deliver_at: "18:30"\n    timezone: Asia/Kolkata\n'
    )


@pytest.mark.parametrize(
    ("rhythm", "lines"),
    [
        (Rhythm(days=WEEKDAYS), "    cadence: daily\n    days: weekdays\n"),
        (Rhythm(days=EVERY_DAY), "    cadence: daily\n    days: daily\n"),
        (
            Rhythm(cadence=Cadence.WEEKLY, days=frozenset({3})),
            "    cadence: weekly\n    days:\n      - thu\n",
        ),
    ],
)
def test_a_rhythm_is_written_in_words(rhythm: Rhythm, lines: str) -> None:
    assert export(chosen(rhythm=rhythm)) == FILE.replace("# by mail\n", f"# by mail\n{lines}")


def test_of_a_list_what_stays_keeps_its_place_and_its_comments() -> None:
    keywords = (keyword("robots"), keyword("LoRA", weight=3), keyword("diffusion models"))
    assert export(chosen(Topics(keywords=keywords))) == FILE.replace(
        "\n      - {all: [planning, LLM], at_most: 2} # both\n", "\n      - robots\n"
    )


def test_what_is_gone_takes_its_comments_along() -> None:
    text = export(chosen(Topics(keywords=(keyword("LoRA", weight=3),), authors=("Ann Other",))))
    assert "thesis" not in text
    assert "since 2024" not in text
    assert "a friend" not in text
    assert "# Ada asked for it in May" in text


def test_a_list_that_the_defaults_have_becomes_the_reader_s_own() -> None:
    topics = Topics(exclude=(exclusion("survey"), exclusion("medical imaging")), organizations=("A: B",))
    lines = """\
    exclude:
      - survey
      - medical imaging
    organizations:
      - 'A: B'
"""
    assert export(chosen(topics)) == FILE.replace("# by mail\n", f"# by mail\n{lines}")


def test_a_list_of_which_nothing_is_left_is_written_as_such() -> None:
    topics = Topics(keywords=(), exclude=(), categories=("cs.RO",))
    text = export(chosen(topics))
    assert "    keywords: []\n" in text
    assert "    exclude: []\n" in text


def test_an_entry_in_brackets_stays_in_them() -> None:
    topics = Topics(keywords=(keyword("LoRA"), keyword("a, b", weight=0.5)), exclude=())
    assert export(chosen(topics, max_papers=9), "grace@example.org") == FILE.replace(
        "{email: grace@example.org, keywords: [robots, LoRA], max_papers: 3}",
        "{email: grace@example.org, exclude: [], "
        "keywords: [LoRA, {term: 'a, b', weight: 0.5}], max_papers: 9}",
    )


def test_a_pause_is_not_written() -> None:
    assert export(chosen(pause=Pause())) == FILE
    assert written(chosen(pause=Pause())) == {}


def test_writing_it_twice_is_writing_it_once() -> None:
    topics = Topics(keywords=(keyword("frogs"), keyword("planning", "LLM", weight=2)), exclude=())
    overlay = chosen(topics, rhythm=Rhythm(days=frozenset({0, 3})), max_papers=2)
    once = export(overlay)
    assert export(overlay, text=once) == once


def test_a_list_that_others_share_becomes_the_reader_s_own() -> None:
    text = "defaults: {keywords: &shared [LoRA]}\nsubscribers:\n- {email: a@b.org, keywords: *shared}\n"
    after = export(chosen(Topics(keywords=(keyword("frogs"),))), "a@b.org", text=text)
    assert after == text.replace("*shared", "[frogs]")


def test_days_on_lines_of_their_own_are_written_on_one() -> None:
    text = "subscribers:\n- email: a@b.org\n  trending: 1\n  days:\n    - mon # once\n    - thu\n# end\n"
    after = export(chosen(rhythm=Rhythm(days=frozenset({0, 5}))), "a@b.org", text=text)
    assert "\n  days: [mon, sat]\n# end\n" in after
    kept = export(chosen(rhythm=Rhythm(days=frozenset({0, 3}))), "a@b.org", text=text)
    assert "    - mon # once\n    - thu\n" in kept


PHRASES = st.sampled_from(
    ("LoRA", "robots", "diffusion models", "a: b", "- x", "null", "1e3", "“Größe” #1", "it's")
)
KEYWORDS = st.lists(
    st.builds(
        lambda phrases, weight, at_most: replace(keyword(*phrases, weight=weight), at_most=at_most),
        st.lists(PHRASES, min_size=1, max_size=2, unique=True),
        st.sampled_from((1.0, 3.0, 0.5)),
        st.none() | st.integers(1, 100),
    ),
    unique_by=lambda each: frozenset(each.phrases),
    max_size=5,
).map(tuple)
NAMES = st.lists(PHRASES, unique=True, max_size=3).map(tuple)
BLOCK = """\
    keywords:
    - LoRA # a
    # b
    - {term: robots, weight: 3}
    -
      all: [LoRA, robots]
"""
WRITTEN = (BLOCK, "    keywords: [LoRA, # a\n      robots,\n      ] # b\n", "    keywords: []\n", "")


@settings(max_examples=60)
@given(
    keywords=st.none() | KEYWORDS,
    authors=st.none() | NAMES,
    before=st.sampled_from(WRITTEN),
    newline=st.sampled_from(("\n", "\r\n")),
)
def test_whatever_was_chosen_the_file_says_it(
    keywords: tuple[object, ...] | None, authors: tuple[str, ...] | None, before: str, newline: str
) -> None:
    text = f"subscribers:\n  - email: ada@example.org # c\n    trending: 1\n{before}  # d\n"
    text += "  - {email: grace@example.org, trending: 1}\n"
    overlay = chosen(Topics(keywords=keywords, authors=authors))  # type: ignore[arg-type]
    after = export(overlay, text=text.replace("\n", newline))
    for comment in ("# c", "# d"):
        assert comment in after
    assert newline == "\n" or "\n" not in after.replace("\r\n", "")
    assert export(overlay, text=after) == after
