"""What can be chosen on a page, and what is wrong with what was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several things that can be chosen; `value` is what the form sends."""

    value: str
    label: str
    chosen: bool


class Mistaken(Exception):  # noqa: N818 - an answer to whoever typed it
    """What was typed cannot be kept; `mistakes` says why in the reader's words, by the field's name."""

    def __init__(self, mistakes: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(each for some in mistakes.values() for each in some))
        self.mistakes = mistakes
