"""Which signs of a text belong together: braces, dollars and quotation marks that open and close."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What lies between a sign and its partner: from `start` to `stop`; the text goes on at `after`."""

    start: int
    stop: int
    after: int


def spans(source: str) -> dict[int, Span]:
    """Return what each sign opens, by its place; spans lie beside or within one another, never across."""
    found: dict[int, Span] = {}
    groups = [_Group(at=-1, opened={})]
    for sign in _SIGN.finditer(source):
        kind, at = sign.group(), sign.start()
        if kind == "{":
            groups.append(_Group(at=at, opened={}))
        elif kind != "}":
            found.update(_met(source, kind, at, groups[-1].opened))
        elif len(groups) > 1:
            start = groups.pop().at
            found[start] = Span(start=start + 1, stop=at, after=at + 1)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A brace that is open, and where what was opened within it stands."""

    at: int
    opened: dict[str, int]


_SIGN = re.compile(r"\\.|\$+|[{}]|``|`|''|'|\"", re.DOTALL)
_CLOSES = {"\\)": "\\(", "\\]": "\\[", "''": "``", '"': "``", "'": "`"}
_AFTER_QUOTE = frozenset("([\\$-…")

# "from $5 million to 6$" is no formula: two words in a row and nothing that only TeX has.
_TEX = re.compile(r"[\\^_]")
_MAY_BE_PRICE = re.compile(r"[^\\]*[A-Za-z0-9][^\\]*\Z")
_TWO_WORDS = re.compile(r"[A-Za-z]{2,}\s+[a-z]{2,}")

_Found = dict[int, Span]


def _met(source: str, kind: str, at: int, opened: dict[str, int]) -> _Found:
    if kind[0] == "$":
        return _dollars(source, kind, at, opened)
    if kind in {"``", "`"}:
        before, behind = source[at - 1 : at], source[at + len(kind) : at + len(kind) + 1]
        if (behind.isalnum() or behind in _AFTER_QUOTE) and not before.isalnum():
            opened[kind] = at
        else:
            opened.pop(kind, None)
    elif kind in {"\\(", "\\["}:
        opened[kind] = at
    elif _CLOSES.get(kind) in opened and _may_close(source, kind, at):
        return _paired(opened, _CLOSES[kind], at, len(kind))
    return {}


def _may_close(source: str, kind: str, at: int) -> bool:
    if kind not in {"'", '"'}:
        return True
    return not source[at - 1].isspace() and not source[at + 1 : at + 2].isalnum()


def _dollars(source: str, kind: str, at: int, opened: dict[str, int]) -> _Found:
    match len(kind):
        case 1:
            return _dollar(source, at, opened)
        case 2 if "$" in opened:  # $a$$b$
            return _dollar(source, at, opened) | _dollar(source, at + 1, opened)
        case 2 if "$$" in opened and not _is_prose(source[opened["$$"] + 2 : at]):
            return _paired(opened, "$$", at, 2)
        case 2:
            opened["$$"] = at
        case _:
            opened.pop("$", None)
            opened.pop("$$", None)
    return {}


def _dollar(source: str, at: int, opened: dict[str, int]) -> _Found:
    r"""Pair dollars as pandoc does: no blank behind the first or before the last, no digit behind it.

    A digit is let pass behind what is no price, as in `2$\times$2`.
    """
    start = opened.get("$")
    if start is not None and not source[at - 1].isspace():
        content = source[start + 1 : at]
        before_digit = source[at + 1 : at + 2].isdigit()
        if not _is_prose(content) and not (before_digit and _MAY_BE_PRICE.match(content)):
            return _paired(opened, "$", at, 1)
    opened.pop("$", None)
    if source[at + 1 : at + 2].strip():
        opened["$"] = at
    return {}


def _is_prose(content: str) -> bool:
    return not content.strip() or (not _TEX.search(content) and bool(_TWO_WORDS.search(content)))


def _paired(opened: dict[str, int], kind: str, at: int, width: int) -> _Found:
    start = opened.pop(kind)
    for inner in [other for other, place in opened.items() if place > start]:
        del opened[inner]
    return {start: Span(start=start + len(kind), stop=at, after=at + width)}
