"""Where each value of a YAML text begins and ends, to the character."""

from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    ScalarEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A value as it stands in the text, from `start` to `end`, its anchor and its tag included.

    `parts` are the items of a list, or the keys and values of a mapping, one after the other; `flow` says
    that brackets hold them. `word` is what a scalar says.
    """

    start: int
    end: int
    word: str = ""
    flow: bool = False
    parts: tuple["Span", ...] = ()

    @property
    def pairs(self) -> tuple[tuple["Span", "Span"], ...]:
        """The keys of a mapping, each with its value."""
        return tuple(zip(self.parts[::2], self.parts[1::2], strict=True))

    def pair(self, key: str) -> tuple["Span", "Span"] | None:
        """Return a key of a mapping with its value, if it has it."""
        return next((each for each in self.pairs if each[0].word == key), None)


def spans(text: str) -> Span:
    """Return the whole of a text that is one document of YAML, with all its parts."""
    found: list[Span] = []
    opened: list[tuple[CollectionStartEvent, list[Span]]] = []
    for event in YAML(typ="safe", pure=True).parse(text):
        around = opened[-1][1] if opened else found
        match event:
            case CollectionStartEvent():
                opened.append((event, []))
            case CollectionEndEvent():
                begun, parts = opened.pop()
                around = opened[-1][1] if opened else found
                around.append(_collection(begun, event, tuple(parts)))
            case ScalarEvent() | AliasEvent():
                around.append(_scalar(text, event))
    return found[0]


def _collection(begun: CollectionStartEvent, ended: CollectionEndEvent, parts: tuple[Span, ...]) -> Span:
    # The parser ends a block where the next thing begins, behind all comments.
    end = ended.end_mark.index if begun.flow_style else parts[-1].end
    return Span(start=begun.start_mark.index, end=end, flow=bool(begun.flow_style), parts=parts)


def _scalar(text: str, event: ScalarEvent | AliasEvent) -> Span:
    start, end = event.start_mark.index, event.end_mark.index
    # A block scalar ends behind the empty lines that follow it.
    end = start + len(text[start:end].rstrip())
    return Span(start=start, end=end, word=event.value if isinstance(event, ScalarEvent) else "")
