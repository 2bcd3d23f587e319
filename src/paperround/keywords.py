"""What a keyword is, and how it matches."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word, a phrase, or several phrases that must all occur; made by `keyword`."""

    text: str
    phrases: tuple[str, ...]
    weight: float = 1.0


def keyword(*phrases: str, weight: float = 1.0) -> Keyword:
    """Return the keyword that matches where every phrase occurs.

    Raise ValueError, with a message for people, when a phrase holds no word.
    """
    raise NotImplementedError


def marks(keywords: Iterable[Keyword], text: str) -> tuple[tuple[int, int], ...]:
    """Return where the keywords occur in the text: (start, end) in characters, in order, not overlapping."""
    raise NotImplementedError
