"""What can be wrong with a config: where, what, and how to mend it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KeyPath = tuple[str | int, ...]

LONGEST_QUOTE = 80  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, or, as a warning, that is likely not what was meant.

    `file` is None for a variable of the environment, which `path` then names.
    """

    file: Path | None
    line: int | None = None
    path: str = ""
    message: str
    mend: str = ""

    def __str__(self) -> str:
        place = "" if self.file is None else str(self.file)
        if place and self.line is not None:
            place = f"{place}:{self.line}"
        return ": ".join(filter(None, (place, self.path, self._sentence())))

    def _sentence(self) -> str:
        if not self.mend:
            return self.message
        return f"{self.message}{', ' if self.mend.endswith('?') else '; '}{self.mend}"


class ConfigError(Exception):
    """The config cannot be used; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Wrong(ValueError):  # noqa: N818 - it is caught by its name in validators
    """A value that cannot be used; `mend` says what to write, `at` leads to the part of it that is wrong."""

    def __init__(self, message: str, mend: str = "", *, at: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.at = at


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return the question that names the known word closest to this one."""
    close = closest(word, known)
    return f"did you mean {quoted(close)}?" if close else otherwise


def closest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known word that is most like this one, capitals aside, if any is like it."""
    by_folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(word[:LONGEST_QUOTE].casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[found[0]] if found else None


def quoted(text: str) -> str:
    """Return the text in quotation marks, short and without what would disturb a terminal."""
    short = text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
    return f'"{_printable(short)}"'


def dotted(path: KeyPath) -> str:
    """Return the path as people write it: relay.port, subscribers[3].keywords[0]."""
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{_printable(step[:LONGEST_QUOTE])}" for step in path
    )
    return "".join(steps).removeprefix(".")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
