"""Edits of the text of subscribers.yaml that leave every other character of it as it is.

An entry has for its comments those inside of it, those below it that are indented further than its dash,
and those directly above it. The text is a config that can be used, and an entry is named by its place.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from paperround.config.yaml_cuts import (
    Cut,
    Items,
    NotEditable,
    Value,
    column_of,
    cut,
    in_block,
    in_flow,
    line_at,
    next_line,
    out_of_flow,
    with_lines,
)
from paperround.config.yaml_spans import Span, spans
from paperround.subscribers import Away


def added(text: str, entry: Mapping[str, Value]) -> str:
    """Return the text with one more entry at the end of the list."""
    roster = _roster(text)
    value = roster.value
    if text[value.start + 1 : value.end - 1].strip() or roster.inline:
        return roster.with_one_more(entry)
    # A first entry has lines of its own, in place of an empty list.
    shorter = cut(text, Cut(roster.colon, value.end))
    return with_lines(shorter, next_line(shorter, roster.colon), in_block([entry], roster.column + 2))


def removed(text: str, index: int) -> str:
    """Return the text without an entry and its comments."""
    return _roster(text).without(index)


def paused(text: str, index: int) -> str:
    """Return the text with an entry that says `paused: true`."""
    return said(text, index, "paused", True)  # noqa: FBT003 - it is what the file says


def resumed(text: str, index: int) -> str:
    """Return the text with an entry that says nothing of a pause without an end."""
    return _unsaid(text, index, "paused", "false")


def away(text: str, index: int, times: Sequence[Away]) -> str:
    """Return the text with an entry that says of these times, and of no others, that somebody is away."""
    if not times:
        return _unsaid(text, index, "away", "[]")
    pair = _roster(text).value.parts[index].pair("away")
    if pair and pair[1].parts and not pair[1].flow:
        raise NotEditable
    written: tuple[Value, ...] = tuple({"from": each.first, "until": each.until} for each in times)
    return said(text, index, "away", written[0] if len(written) == 1 else written)


def said(text: str, index: int, key: str, value: Value) -> str:
    """Return the text with an entry that says this behind a key, where it did already or below `email`.

    A list that is new there has lines of its own; a tuple has not.
    """
    entry = _roster(text).value.parts[index]
    if pair := entry.pair(key):
        start, end = pair[1].start, pair[1].end
        above = text[:start].rstrip()
        if above.endswith(":") and "\n" in text[len(above) : start]:  # a list on lines of its own
            return cut(text, Cut(len(above), end, f" {in_flow(value)}"))
        return cut(text, Cut(start, end, in_flow(value)))
    address = entry.pair("email")
    if address is None:
        raise NotEditable
    end = address[1].end
    if entry.flow:
        return cut(text, Cut(end, end, f", {key}: {in_flow(value)}"))
    column = column_of(text, entry.parts[0].start)
    is_long = isinstance(value, list) and value
    lines = in_block({key: value}, column) if is_long else f"{' ' * column}{key}: {in_flow(value)}\n"
    return with_lines(text, next_line(text, end), lines)


def relisted(text: str, index: int, key: str, *, gone: Collection[int], new: Sequence[Value]) -> str:
    """Return the text with an entry whose list behind a key gains new items and loses those at places `gone`.

    The other items keep their order and their comments.
    """
    for each in new:
        text = _list(text, index, key).with_one_more(each)
    for each in sorted(gone, reverse=True):
        text = _list(text, index, key).without(each)
    return text


def _unsaid(text: str, index: int, word: str, nothing: str) -> str:
    """Return the text with an entry that lacks the key, or has `nothing` where it cannot be spared."""
    entry = _roster(text).value.parts[index]
    pair = entry.pair(word)
    if pair is None:
        return text
    key, value = pair
    if entry.flow:
        pairs = [(each.start, of_it.end) for each, of_it in entry.pairs]
        return cut(text, *out_of_flow(text, pairs, entry.pairs.index(pair)))
    if key is entry.parts[0]:  # behind the dash, which the entry needs
        return cut(text, Cut(value.start, value.end, nothing))
    return cut(text, Cut(line_at(text, key.start), next_line(text, value.end)))


def _roster(text: str) -> Items:
    root = spans(text)
    return _items(text, root, "subscribers")


def _list(text: str, index: int, key: str) -> Items:
    return _items(text, _roster(text).value.parts[index], key)


def _items(text: str, around: Span, key: str) -> Items:
    pair = around.pair(key)
    if pair is None:
        raise NotEditable
    name, value = pair
    if text[value.start] == "*":  # the list stands elsewhere, and others may use it
        raise NotEditable
    colon = re.compile(r"[ \t]*:").match(text, name.end)
    if colon is None:
        raise NotEditable
    return Items(text, value, column_of(text, name.start), colon.end(), around.flow)
