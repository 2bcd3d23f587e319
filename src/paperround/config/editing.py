"""Edits of the text of subscribers.yaml that leave every other character of it as it is.

An entry has for its comments those inside of it, those below it that are indented further than its dash,
and those directly above it. The text is a config that can be used, and an entry is named by its place.
"""

import io
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from paperround.config.yaml_scalars import scalar
from paperround.config.yaml_spans import Span, spans
from paperround.subscribers import Away


class NotEditable(Exception):  # noqa: N818 - it says what a text is
    """The text is written in a way that is left to people."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What stands from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: str = ""


def added(text: str, entry: Mapping[str, str | Sequence[str]]) -> str:
    """Return the text with one more entry at the end of the list."""
    roster = _roster(text)
    items = roster.value.parts
    if not text[roster.value.start + 1 : roster.value.end - 1].strip() and not roster.inline:
        return roster.begun(entry)
    if roster.value.flow:
        return _cut(text, *_into_flow(text, roster.value, _flow(entry)))
    last = len(items) - 1
    start, end = roster.extent(last)
    column = _column(text, roster.value.start)
    new = f"{' ' * column}- {_flow(entry)}\n" if items[last].flow else _block(entry, column)
    apart = last > 0 and _is_blank(text, _line_before(text, start))
    return _with_lines(text, end, f"\n{new}" if apart else new)


def removed(text: str, index: int) -> str:
    """Return the text without an entry and its comments."""
    roster = _roster(text)
    items = roster.value.parts
    if roster.value.flow:
        return _cut(text, *_out_of_flow(text, [(each.start, each.end) for each in items], index))
    start, end = roster.extent(index)
    above = _line_before(text, start)
    if _is_blank(text, above) or above <= roster.colon:
        while end < len(text) and _is_blank(text, end):
            end = _next_line(text, end)
    while end == len(text) and _is_blank(text, _line_before(text, start)):
        start = _line_before(text, start)
    gone = Cut(start, end)
    return _cut(text, gone) if len(items) > 1 else _cut(text, Cut(roster.colon, roster.colon, " []"), gone)


def paused(text: str, index: int) -> str:
    """Return the text with an entry that says `paused: true`."""
    return _said(text, index, "paused", "true")


def resumed(text: str, index: int) -> str:
    """Return the text with an entry that says nothing of a pause without an end."""
    return _unsaid(text, index, "paused", "false")


def away(text: str, index: int, times: Sequence[Away]) -> str:
    """Return the text with an entry that says of these times, and of no others, that somebody is away."""
    written = [f"{{from: {each.first}, until: {each.until}}}" for each in times]
    if not written:
        return _unsaid(text, index, "away", "[]")
    return _said(text, index, "away", written[0] if len(written) == 1 else f"[{', '.join(written)}]")


def _said(text: str, index: int, key: str, value: str) -> str:
    """Return the text with an entry in which this stands behind the key."""
    entry = _roster(text).value.parts[index]
    if pair := entry.pair(key):
        if pair[1].parts and not pair[1].flow:
            raise NotEditable
        return _cut(text, Cut(pair[1].start, pair[1].end, value))
    address = entry.pair("email")
    if address is None:
        raise NotEditable
    end = address[1].end
    if entry.flow:
        return _cut(text, Cut(end, end, f", {key}: {value}"))
    column = _column(text, entry.parts[0].start)
    return _with_lines(text, _next_line(text, end), f"{' ' * column}{key}: {value}\n")


def _unsaid(text: str, index: int, word: str, nothing: str) -> str:
    """Return the text with an entry that lacks the key, or has `nothing` where it cannot be spared."""
    entry = _roster(text).value.parts[index]
    pair = entry.pair(word)
    if pair is None:
        return text
    key, value = pair
    if entry.flow:
        pairs = [(each.start, of_it.end) for each, of_it in entry.pairs]
        return _cut(text, *_out_of_flow(text, pairs, entry.pairs.index(pair)))
    if key is entry.parts[0]:  # behind the dash, which the entry needs
        return _cut(text, Cut(value.start, value.end, nothing))
    return _cut(text, Cut(_line(text, key.start), _next_line(text, value.end)))


@dataclass(frozen=True, slots=True)
class _Roster:
    """The list of subscribers in its text; `inline` says that brackets are around its key.

    `colon` is where its key's colon ends.
    """

    text: str
    value: Span
    column: int
    colon: int
    inline: bool

    def begun(self, entry: Mapping[str, str | Sequence[str]]) -> str:
        """Return the text with a first entry on lines of its own, in place of an empty list."""
        shorter = _cut(self.text, Cut(self.colon, self.value.end))
        return _with_lines(shorter, _next_line(shorter, self.colon), _block(entry, self.column + 2))

    def extent(self, index: int) -> tuple[int, int]:
        """Return where the lines of an entry in a block begin and end, its comments included."""
        items = self.value.parts
        column = _column(self.text, self.value.start)
        top = _next_line(self.text, items[index - 1].end if index else self.colon)
        dash = _line(self.text, items[index].start)
        while not re.match(rf" {{{column}}}-\s", self.text[dash : _next_line(self.text, dash)]):
            if dash <= top:
                raise NotEditable
            dash = _line_before(self.text, dash)
        return self._above(dash, top, column), self._below(_next_line(self.text, items[index].end), column)

    def _above(self, dash: int, top: int, column: int) -> int:
        start = line = dash
        while line > top:
            line = _line_before(self.text, line)
            indent = _comment(self.text, line)
            if indent is None:
                break
            # What is indented further belongs to the entry above, unless it goes on here.
            if indent <= column:
                start = line
        return start

    def _below(self, line: int, column: int) -> int:
        end = line
        while line < len(self.text):
            indent = _comment(self.text, line)
            if indent is None and not _is_blank(self.text, line):
                break
            if indent is not None and indent <= column:
                break
            line = _next_line(self.text, line)
            if indent is not None:
                end = line
        return end


def _roster(text: str) -> _Roster:
    root = spans(text)
    pair = root.pair("subscribers")
    if pair is None:
        raise NotEditable
    key, value = pair
    colon = re.compile(r"[ \t]*:").match(text, key.end)
    if colon is None:
        raise NotEditable
    return _Roster(text, value, _column(text, key.start), colon.end(), root.flow)


_COMMA = re.compile(r"(?:\s|#[^\n]*\n)*,")
_COMMENT_BEHIND = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n)")
_BLANKS = re.compile(r"[ \t]*")


def _into_flow(text: str, value: Span, new: str) -> list[Cut]:
    """Return the cuts that put an item at the end of brackets, behind the comment on the line of the last."""
    items = value.parts
    here = items[-1].end if items else value.start + 1
    cuts = []
    if items and (comma := _COMMA.match(text, here)):
        here = comma.end()
    elif items:
        cuts = [Cut(here, here, ",")]
    behind = _COMMENT_BEHIND.match(text, here)
    if behind is None:
        return [*cuts, Cut(here, here, f" {new}" if items else new)]
    line = _line(text, items[-1].start if items else value.start)
    deeper = 0 if line > value.start else 2
    indent = _BLANKS.match(text, line)
    before = (indent[0] if indent else "") + " " * deeper
    return [*cuts, Cut(behind.end(), behind.end(), f"{_newline(text)}{before}{new}")]


def _out_of_flow(text: str, items: Sequence[tuple[int, int]], index: int) -> list[Cut]:
    """Return the cuts that take an item out of brackets, with a comma and the comment on its line."""
    start, end = items[index]
    cuts = []
    if comma := _COMMA.match(text, end):
        end = comma.end()
    elif index:
        before = _COMMA.match(text, items[index - 1][1])
        if before is None:
            raise NotEditable
        cuts = [Cut(before.end() - 1, before.end())]
        if not text[before.end() : start].strip():
            cuts, start = [], before.end() - 1
    if behind := _COMMENT_BEHIND.match(text, end):
        end = behind.end()
        line = _line(text, start)
        if not text[line:start].strip():
            start, end = line, _next_line(text, end)
    elif comma and (blanks := _BLANKS.match(text, end)):
        end = blanks.end()
    return [*cuts, Cut(start, end)]


def _block(entry: Mapping[str, str | Sequence[str]], column: int) -> str:
    yaml = YAML()
    yaml.width = sys.maxsize
    yaml.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    yaml.dump([_quoted(entry)], written)
    return textwrap.indent(textwrap.dedent(written.getvalue()), " " * column)


def _flow(entry: Mapping[str, str | Sequence[str]]) -> str:
    yaml = YAML()
    yaml.width = sys.maxsize
    yaml.default_flow_style = True
    written = io.StringIO()
    yaml.dump(_quoted(entry), written)
    return written.getvalue().strip()


def _quoted(entry: Mapping[str, str | Sequence[str]]) -> dict[str, str | list[str]]:
    """Return the entry with quotation marks around what a parser could take for something else than words."""
    return {
        key: _as_text(value) if isinstance(value, str) else [_as_text(each) for each in value]
        for key, value in entry.items()
    }


def _as_text(value: str) -> str:
    is_plain = isinstance(scalar(value), str) and value[:1].isalpha()
    return value if is_plain else DoubleQuotedScalarString(value)


def _cut(text: str, *cuts: Cut) -> str:
    """Return the text with these cuts, which are given in the order of the text."""
    for each in reversed(cuts):
        text = text[: each.start] + each.new + text[each.end :]
    return text


def _with_lines(text: str, at: int, lines: str) -> str:
    """Return the text with lines before the one that begins there, ended as the others are."""
    if at and text[at - 1] != "\n":
        lines = f"\n{lines.removesuffix(chr(10))}"
    return _cut(text, Cut(at, at, lines.replace("\n", _newline(text))))


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _next_line(text: str, at: int) -> int:
    return text.find("\n", at) + 1 or len(text)


def _line_before(text: str, line: int) -> int:
    return _line(text, max(line - 1, 0))


def _column(text: str, at: int) -> int:
    return at - _line(text, at)


def _is_blank(text: str, line: int) -> bool:
    return not text[line : _next_line(text, line)].strip()


def _comment(text: str, line: int) -> int | None:
    """Return how far the comment is indented that is all of a line."""
    written = text[line : _next_line(text, line)]
    bare = written.lstrip(" \t")
    return len(written) - len(bare) if bare.startswith("#") else None
