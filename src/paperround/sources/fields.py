"""The fields of a paper: from what a source says to clean text of a sensible length."""

from collections.abc import Iterable
from itertools import islice

from paperround import text

MOST_AUTHORS = 5_000
MOST_TERMS = 100
MOST_VOTES = 1_000_000_000


def title(written: str) -> str:
    """Return a title."""
    return _prose(written, limit=500)


def abstract(written: str) -> str:
    """Return an abstract."""
    return _prose(written, limit=20_000)


def authors(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that hold a letter, in their order: arXiv lists a group as "NVIDIA, :, …"."""
    readable = (_prose(name, limit=200) for name in names)
    named = (name for name in readable if any(map(str.isalpha, name)))
    return tuple(islice(named, MOST_AUTHORS))


def organization(name: str) -> str | None:
    """Return the name of an organization, if it is not empty."""
    return _clean(name, limit=200) or None


def terms(written: Iterable[str]) -> tuple[str, ...]:
    """Return keywords or categories that are not empty, each once."""
    readable = (_clean(term, limit=100) for term in written)
    return tuple(islice(dict.fromkeys(filter(None, readable)), MOST_TERMS))


def votes(count: object) -> int | None:
    """Return a number of votes, or None for what can be none."""
    if isinstance(count, bool) or not isinstance(count, int):
        return None
    return count if 0 <= count <= MOST_VOTES else None


# What is cut away is not looked at first: reading megabytes of TeX takes half a minute.
_MARGIN = 3


def _prose(written: str, *, limit: int) -> str:
    return text.prose(written[: limit * _MARGIN], limit=limit)


def _clean(written: str, *, limit: int) -> str:
    return text.clean(written[: limit * _MARGIN], limit=limit)
