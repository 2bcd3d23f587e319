"""Subscribers come and go in their file, and everything else in it stays as somebody wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperround.config import subscriptions
from paperround.config.editing import added, away, paused, removed, resumed
from paperround.config.fitting import Findings, Sheet
from paperround.config.yaml_cuts import NotEditable
from paperround.config.yaml_lines import parse
from paperround.subscribers import Away, Subscriber

ZOE = {"email": "zoe@example.org", "keywords": ["LoRA"]}


def read(text: str) -> tuple[Subscriber, ...]:
    """Return the subscribers of a file in which nothing is wrong."""
    findings = Findings()
    subscribers = subscriptions.read(
        Sheet(parse(text.encode(), Path("subscribers.yaml")), findings), sender=None
    )
    assert findings.problems == [], text
    return subscribers


@dataclass(frozen=True)
class Entry:
    """What somebody wrote of one subscriber; `{}` in it is their name."""

    name: str
    text: str = "- email: {}@example.org\n  keywords: [LoRA]\n"
    paused: bool = False
    away: tuple[Away, ...] = ()
    touched: bool = False

    def lines(self) -> str:
        return self.text.replace("{}", self.name)


AWAY = (
    Away(first=date(2026, 7, 1), until=date(2026, 7, 14)),
    Away(first=date(2026, 12, 24), until=date(2027, 1, 2)),
)
ABOVE = ("", "# about {}\n", "# about {}, twice\n  # further in\n")
BELOW = ("", "  # after {}\n", "\n  # after {}\n", "  # after {}\n    # , - [\n")
WRITTEN = (
    "- email: {}@example.org # mail of {}\n  # inside {}\n  keywords: [LoRA]\n",
    "- email: {}@example.org\n  keywords:\n    - LoRA # inside {}\n  name: Ann\n",
    "- {email: {}@example.org, keywords: [LoRA]} # behind {}\n",
    "- {email: {}@example.org, # mail of {}\n   keywords: [LoRA],\n  }\n",
    "- # behind the dash of {}\n  keywords: &{} [LoRA]\n  'email': >-\n    {}@example.org\n\n",
    '-\n  keywords:\n  - >-\n    LoRA of {}\n\n  "email": "{}@example.org"\n',
    "-   paused: false # for {}\n    email: {}@example.org\n    authors: [A, B]\n",
)
IN_BRACKETS = (
    "{email: {}@example.org, keywords: [LoRA]}, # behind {}",
    '{"email": "{}@example.org", "keywords": ["LoRA"]} # behind {}\n , # comma, of {}',
    "{email: {}@example.org,\n   # inside {}\n   keywords: [LoRA],}, # behind {}",
)


def entries(written: Sequence[str], above: Sequence[str], below: Sequence[str]) -> st.SearchStrategy[Entry]:
    texts = st.tuples(*map(st.sampled_from, (above, written, below)))
    return texts.map(lambda text: Entry("?", "".join(text)))


def named(made: list[Entry]) -> list[Entry]:
    return [replace(entry, name=f"reader{number}") for number, entry in enumerate(made)]


BLOCKS = st.lists(entries(WRITTEN, ABOVE, BELOW), max_size=4).map(named)
BRACKETS = st.lists(entries(IN_BRACKETS, ("", "# above {}\n  "), ("",)), max_size=4).map(named)
EDITS = st.lists(
    st.tuples(st.sampled_from(("add", "pause", "resume", "leave", "return", "remove")), st.integers(0, 99)),
    max_size=8,
)


def edited(text: str, model: list[Entry], edits: list[tuple[str, int]]) -> tuple[str, list[Entry]]:
    """Return the file after all edits, and who is then in it; it says so after each of them."""
    for number, (what, which) in enumerate(edits):
        at = which % len(model) if model else 0
        if what == "add":
            text = added(text, {"email": f"new{number}@example.org", "keywords": ["LoRA"]})
            model = [*model, Entry(f"new{number}", touched=True)]
        elif not model:
            continue
        elif what == "remove":
            text, model = removed(text, at), [*model[:at], *model[at + 1 :]]
        elif what in ("leave", "return"):
            times = tuple(AWAY[number % 2 :]) if what == "leave" else ()
            text = away(text, at, times)
            model = [*model[:at], replace(model[at], away=times, touched=True), *model[at + 1 :]]
        else:
            text = paused(text, at) if what == "pause" else resumed(text, at)
            turned = replace(model[at], paused=what == "pause", touched=True)
            model = [*model[:at], turned, *model[at + 1 :]]
        assert [(each.address, each.paused, each.away) for each in read(text)] == [
            (f"{entry.name}@example.org", entry.paused, entry.away) for entry in model
        ], text
    return text, model


@given(
    model=BLOCKS,
    edits=EDITS,
    indent=st.sampled_from((0, 2, 3)),
    apart=st.sampled_from(("", "\n", "\n\n")),
    end=st.sampled_from(("", "\n", "\n# the end\n")),
    newline=st.sampled_from(("\n", "\r\n")),
)
def test_whatever_is_edited_the_file_says_it_and_keeps_every_other_entry_to_the_letter(
    model: list[Entry], edits: list[tuple[str, int]], indent: int, apart: str, end: str, newline: str
) -> None:
    def shown(entry: Entry) -> str:
        lines = entry.lines().splitlines(keepends=True)
        return "".join(" " * indent + line if line.strip() else line for line in lines).replace("\n", newline)

    begin = "# who reads\ndefaults: {days: [mon]} # when\nsubscribers:{} # all of them\n"
    begin = begin.replace("{}", "" if model else " []").replace("\n", newline)
    body = apart.replace("\n", newline).join(map(shown, model)) + end.replace("\n", newline)
    text, left = edited(begin + body, model, edits)
    assert text.startswith(begin.partition("subscribers:")[0])
    assert "# all of them" in text
    assert ("# the end" in text) == ("# the end" in body)
    assert newline == "\n" or "\n" not in text.replace("\r\n", "")
    for entry in left:
        assert entry.touched or shown(entry).rstrip() in text
    for name in {entry.name for entry in model} - {entry.name for entry in left}:
        assert name not in text


@given(model=BRACKETS, edits=EDITS, around=st.sampled_from(("[]", "{\n[]}\n")))
def test_the_same_goes_for_a_list_in_brackets(
    model: list[Entry], edits: list[tuple[str, int]], around: str
) -> None:
    inside = "\n  ".join(entry.lines() for entry in model)
    text = around.replace("[]", f"subscribers: [ # all\n  {inside}\n  # none, more\n]\n")
    text, left = edited(text, model, edits)
    assert "# all" in text
    assert "# none, more" in text
    for entry in left:
        assert entry.touched or entry.lines().split("#")[0].rstrip(" ,") in text
        assert entry.touched or ("# above {}" in entry.text) == (f"# above {entry.name}\n" in text)
        assert entry.touched or f"# behind {entry.name}" in text


SIGNS = st.sampled_from(" :#-,[]{}'\"\\&*!|>%@`?~.0123456789")
LETTERS = st.characters(exclude_categories=["C", "Z"])
WORDS = st.text(LETTERS | SIGNS, min_size=1).map(str.strip).filter(bool)
TRAPS = st.sampled_from(("no", "null", "0730", "1e3", ".inf", "12:30", "- a", "?0"))


@pytest.mark.parametrize(
    "before", ["[]", "[{email: a@example.org, keywords: [a]}]", "\n- {email: a@b.org, trending: 1}"]
)
@settings(max_examples=100)
@given(keywords=st.lists(WORDS | TRAPS, min_size=1))
def test_words_are_added_as_they_were_given(before: str, keywords: list[str]) -> None:
    text = added(f"subscribers: {before}\n", {"email": "zoe@example.org", "authors": keywords})
    document = parse(text.encode(), Path("subscribers.yaml"))
    place = 0 if before == "[]" else 1
    entry = document.at(("subscribers", place, "authors"))
    assert entry is not None
    assert entry.node.value == keywords


def test_a_new_entry_looks_like_those_above_it() -> None:
    apart = (
        "subscribers:\n  - email: a@example.org\n    trending: 1\n\n  - email: b@example.org\n    trending: 1"
    )
    assert added(apart, ZOE) == f"{apart}\n\n  - email: zoe@example.org\n    keywords:\n      - LoRA"
    short = "subscribers:\n- {email: a@example.org, trending: 1} # a\n# and so on\n"
    assert added(short, ZOE) == (
        "subscribers:\n- {email: a@example.org, trending: 1} # a\n"
        "- {email: zoe@example.org, keywords: [LoRA]}\n# and so on\n"
    )


def test_an_entry_takes_its_own_comments_along_and_leaves_those_of_others() -> None:
    text = """\
subscribers:
  # The robotics group

  # Ada asked for it in May
  - email: a@example.org
    trending: 1
    # authors: [her students]

  # Grace
  - email: b@example.org
    trending: 1
"""
    assert removed(text, 0) == (
        "subscribers:\n  # The robotics group\n\n  # Grace\n  - email: b@example.org\n    trending: 1\n"
    )
    assert removed(text, 1) == text[: text.index("\n  # Grace")]


def test_who_is_paused_and_resumed_is_written_as_before() -> None:
    for entry in ("- email: a@b.org # mail\n  trending: 1\n", "- {email: a@b.org, trending: 1} # all\n"):
        text = f"subscribers:\n{entry}# end\n"
        assert read(paused(text, 0))[0].paused
        assert resumed(paused(text, 0), 0) == text
        assert resumed(text, 0) == text


def test_an_explicit_pause_is_turned_where_it_stands() -> None:
    text = "subscribers:\n- paused: false # on leave\n  email: a@b.org\n  trending: 1\n"
    assert paused(text, 0) == text.replace("false", "true")
    assert resumed(paused(text, 0), 0) == text


def test_times_away_on_lines_of_their_own_are_left_to_people() -> None:
    away_on_lines = "away:\n    from: 2026-07-01\n    until: 2026-07-14\n"
    text = f"subscribers:\n- email: a@b.org\n  {away_on_lines}  trending: 1\n"
    assert read(text)[0].away == AWAY[:1]
    with pytest.raises(NotEditable):
        away(text, 0, AWAY)
    assert "away" not in away(text, 0, ())


def test_a_list_that_begins_behind_other_signs_is_left_to_people() -> None:
    text = "? subscribers\n: - {email: a@b.org, trending: 1}\n"
    assert len(read(text)) == 1
    with pytest.raises(NotEditable):
        removed(text, 0)
