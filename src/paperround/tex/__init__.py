"""TeX, as it stands in titles and abstracts, to text that can be read."""

import re

from paperround.tex.reader import Reader

__all__ = ["readable"]


def readable(value: str) -> str:
    """Return the text with its TeX turned into Unicode.

    What cannot be turned stays as it was written. A `%` is a per cent sign and never a comment, a
    hyphen stays a hyphen, and a `$` opens a formula only by pandoc's rule, so that prices survive.
    """
    if not _ANY_SIGN.search(value):
        return value
    source = _REFERENCES.sub("", value)
    return Reader(source).prose(0, len(source), 0)


_ANY_SIGN = re.compile(r"[\\${}~`]|--")

_REFERENCE = (
    r"\\(?:cite[A-Za-z]*+|(?:eq|auto|page|[cC])?ref|label)\*?"
    r"(?:\[[^\]\[{}]{0,200}\]){0,2}\{[^{}]*+\}"
)
_TIE = r"(?:(?<![\s~])[\s~]++)?"
_REFERENCES = re.compile(rf"{_TIE}\({_REFERENCE}\)|[;,]?{_TIE}{_REFERENCE}(?=\))|{_TIE}{_REFERENCE}")
