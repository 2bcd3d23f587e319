"""Cuts in the text of a YAML file, with regard for its lines, its commas and its comments."""

import io
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from paperround.config.yaml_scalars import scalar
from paperround.config.yaml_spans import Span

Value = str | int | float | date | Sequence["Value"] | Mapping[str, "Value"]


class NotEditable(Exception):  # noqa: N818 - it says what a text is
    """The text is written in a way that is left to people."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What stands from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list in its text; `inline` says that brackets are around its key.

    `colon` is where its key's colon ends.
    """

    text: str
    value: Span
    column: int
    colon: int
    inline: bool

    def with_one_more(self, item: Value) -> str:
        """Return the text with an item at the end."""
        items, text = self.value.parts, self.text
        if self.value.flow:
            return cut(text, *into_flow(text, self.value, in_flow(item)))
        last = len(items) - 1
        start, end = self.extent(last)
        column = column_of(text, self.value.start)
        is_short = items[last].flow or not isinstance(item, Mapping)
        new = f"{' ' * column}- {in_flow(item)}\n" if is_short else in_block([item], column)
        apart = last > 0 and is_blank(text, line_before(text, start))
        return with_lines(text, end, f"\n{new}" if apart else new)

    def without(self, index: int) -> str:
        """Return the text without an item and its comments."""
        items, text = self.value.parts, self.text
        if self.value.flow:
            return cut(text, *out_of_flow(text, [(each.start, each.end) for each in items], index))
        start, end = self.extent(index)
        above = line_before(text, start)
        if is_blank(text, above) or above <= self.colon:
            while end < len(text) and is_blank(text, end):
                end = next_line(text, end)
        while end == len(text) and is_blank(text, line_before(text, start)):
            start = line_before(text, start)
        gone = Cut(start, end)
        return cut(text, gone) if len(items) > 1 else cut(text, Cut(self.colon, self.colon, " []"), gone)

    def extent(self, index: int) -> tuple[int, int]:
        """Return where the lines of an entry in a block begin and end, its comments included."""
        items = self.value.parts
        column = column_of(self.text, self.value.start)
        top = next_line(self.text, items[index - 1].end if index else self.colon)
        dash = line_at(self.text, items[index].start)
        while not re.match(rf" {{{column}}}-\s", self.text[dash : next_line(self.text, dash)]):
            if dash <= top:
                raise NotEditable
            dash = line_before(self.text, dash)
        return self._above(dash, top, column), self._below(next_line(self.text, items[index].end), column)

    def _above(self, dash: int, top: int, column: int) -> int:
        start = line = dash
        while line > top:
            line = line_before(self.text, line)
            indent = comment_at(self.text, line)
            if indent is None:
                break
            # What is indented further belongs to the entry above, unless it goes on here.
            if indent <= column:
                start = line
        return start

    def _below(self, line: int, column: int) -> int:
        end = line
        while line < len(self.text):
            indent = comment_at(self.text, line)
            if indent is None and not is_blank(self.text, line):
                break
            if indent is not None and indent <= column:
                break
            line = next_line(self.text, line)
            if indent is not None:
                end = line
        return end


_COMMA = re.compile(r"(?:\s|#[^\n]*\n)*,")
_COMMENT_BEHIND = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n)")
_BLANKS = re.compile(r"[ \t]*")


def into_flow(text: str, value: Span, new: str) -> list[Cut]:
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
    line = line_at(text, items[-1].start if items else value.start)
    deeper = 0 if line > value.start else 2
    indent = _BLANKS.match(text, line)
    before = (indent[0] if indent else "") + " " * deeper
    return [*cuts, Cut(behind.end(), behind.end(), f"{newline(text)}{before}{new}")]


def out_of_flow(text: str, items: Sequence[tuple[int, int]], index: int) -> list[Cut]:
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
        line = line_at(text, start)
        if not text[line:start].strip():
            start, end = line, next_line(text, end)
    elif comma and (blanks := _BLANKS.match(text, end)):
        end = blanks.end()
    return [*cuts, Cut(start, end)]


def in_block(value: Value, column: int) -> str:
    """Return a value on lines of its own, so far indented."""
    yaml = YAML()
    yaml.width = sys.maxsize
    yaml.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    yaml.dump(_quoted(value), written)
    return textwrap.indent(textwrap.dedent(written.getvalue()), " " * column)


def in_flow(value: Value) -> str:
    """Return a value on one line."""
    yaml = YAML()
    yaml.width = sys.maxsize
    yaml.default_flow_style = True
    written = io.StringIO()
    yaml.dump([_quoted(value)], written)  # alone, a text would end with a line that says so
    return written.getvalue().strip()[1:-1]


def _quoted(value: Value) -> Value:
    """Return the value with quotation marks around what a parser could take for something else than words."""
    match value:
        case str():
            is_plain = isinstance(scalar(value), str) and value[:1].isalpha()
            return value if is_plain else DoubleQuotedScalarString(value)
        case int() | float() | date():
            return value
        case Mapping():
            return {key: _quoted(each) for key, each in value.items()}
        case _:
            return [_quoted(each) for each in value]


def cut(text: str, *cuts: Cut) -> str:
    """Return the text with these cuts, which are given in the order of the text."""
    for each in reversed(cuts):
        text = text[: each.start] + each.new + text[each.end :]
    return text


def with_lines(text: str, at: int, lines: str) -> str:
    """Return the text with lines before the one that begins there, ended as the others are."""
    if at and text[at - 1] != "\n":
        lines = f"\n{lines.removesuffix(chr(10))}"
    return cut(text, Cut(at, at, lines.replace("\n", newline(text))))


def newline(text: str) -> str:
    """Return how the lines of the text end."""
    return "\r\n" if "\r\n" in text else "\n"


def line_at(text: str, at: int) -> int:
    """Return where the line begins in which a place lies."""
    return text.rfind("\n", 0, at) + 1


def next_line(text: str, at: int) -> int:
    """Return where the next line begins, or the text ends."""
    return text.find("\n", at) + 1 or len(text)


def line_before(text: str, line: int) -> int:
    """Return where the line before this one begins."""
    return line_at(text, max(line - 1, 0))


def column_of(text: str, at: int) -> int:
    """Return how far a place is from the beginning of its line."""
    return at - line_at(text, at)


def is_blank(text: str, line: int) -> bool:
    """Return whether nothing stands on the line that begins there."""
    return not text[line : next_line(text, line)].strip()


def comment_at(text: str, line: int) -> int | None:
    """Return how far the comment is indented that is all of a line."""
    written = text[line : next_line(text, line)]
    bare = written.lstrip(" \t")
    return len(written) - len(bare) if bare.startswith("#") else None
