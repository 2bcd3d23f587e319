"""YAML 1.2 in, plain values out, and for each of them the line it stands on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from paperround.config.problems import ConfigError, KeyPath, Problem, dotted, quoted
from paperround.config.yaml_scalars import CORE_TAGS, STR, scalar
from paperround.config.yaml_syntax import Explained, explained

LARGEST_FILE = 20_000_000  # bytes
MOST_VALUES = 1_000_000  # aliases expanded
DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value of the document: plain, with its parts and what it expands to.

    `text` is a scalar as it was written, without quotation marks; None for a mapping or a list.
    """

    value: object
    text: str | None = None
    parts: Mapping[str | int, "Entry"] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a node is used: the line of its key, of its dash, or of its alias."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that could be read; `problems` are those that did not keep it from being read."""

    file: Path
    root: Entry
    problems: tuple[Problem, ...] = ()

    @property
    def value(self) -> object:
        """The whole of it as dicts, lists and scalars. Values that an alias repeats are shared."""
        return self.root.node.value

    def at(self, path: KeyPath) -> Entry | None:
        """Return what stands at the path, if anything does."""
        entry: Entry | None = self.root
        for step in path:
            entry = entry.node.parts.get(step) if entry else None
        return entry

    def line(self, path: KeyPath) -> int:
        """Return the line of what stands at the path, or of the nearest thing around it."""
        entry = self.root
        for step in path:
            entry = entry.node.parts.get(step, entry)
        return entry.line


def parse(data: bytes, file: Path) -> Document:
    """Read one document of YAML 1.2.

    Scalars follow the core schema: `no` is a word, `0730` a number, a date a text. Raise ConfigError
    when the bytes are no YAML, or more of it than a config can need.
    """
    if len(data) > LARGEST_FILE:
        size = f"the file is larger than {LARGEST_FILE // 1_000_000} MB"
        raise ConfigError([Problem(file=file, message=size, mend="a config is a text of that size at most")])
    text = _decoded(data, file)
    composer = _Composer(file)
    try:
        root = composer.compose(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        _refuse(file, explained(error))
    except ReaderError as error:
        _refuse(file, Explained.of_character(text, error.position))
    # What the scanner lets out where an escape names no character.
    except (ValueError, OverflowError):
        _refuse(file, Explained.of_escape(text))
    if root is None:
        empty = "the file is empty" if not text.strip() else "the file holds nothing but comments"
        raise ConfigError([Problem(file=file, message=empty, mend="`paperround init` writes an example")])
    return Document(file=file, root=root, problems=tuple(composer.problems))


def _decoded(data: bytes, file: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(file, Explained(line=1, message="this is UTF-16", mend="save the file as UTF-8"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(file, Explained(line=line, message="this is not UTF-8", mend="save the file as UTF-8"))


def _refuse(file: Path, why: Explained) -> NoReturn:
    # Without the cause: its text repeats lines of the file, and someone may have put a secret there.
    raise ConfigError([Problem(file=file, line=why.line, message=why.message, mend=why.mend)]) from None


class _Open:
    """A mapping or a list whose end has not come yet."""

    def __init__(self, line: int, anchor: str | None, *, mapping: bool) -> None:
        self.line = line
        self.anchor = anchor
        self.mapping = mapping
        self.key: tuple[str, int] | None = None
        self.parts: dict[str | int, Entry] = {}

    @property
    def step(self) -> str | int:
        return len(self.parts) if not self.mapping else self.key[0] if self.key else ""

    def closed(self) -> Node:
        values = {step: entry.node.value for step, entry in self.parts.items()}
        size = 1 + sum(entry.node.size for entry in self.parts.values())
        value = values if self.mapping else list(values.values())
        return Node(value=value, parts=self.parts, size=size)


class _Composer:
    """Builds the nodes from the parser's events, and keeps the bounds while it does."""

    def __init__(self, file: Path) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}  # None while what it names is open
        self._size = 0
        self._root: Entry | None = None

    def compose(self, events: Iterable[Event]) -> Entry | None:
        for event in events:
            line = event.start_mark.line + 1
            match event:
                case ScalarEvent():
                    self._add(self._scalar(event, line), line, anchor=event.anchor)
                case MappingStartEvent() | SequenceStartEvent():
                    self._begin(event, line)
                case CollectionEndEvent():
                    ended = self._open.pop()
                    self._add(ended.closed(), ended.line, anchor=ended.anchor, counted=True)
                case AliasEvent():
                    self._add(self._named(event, line), line)
                case DocumentStartEvent() if self._root is not None:
                    self._stop(
                        line, "a second document begins here", "a config is one document: remove the ---"
                    )
        return self._root

    def _begin(self, event: MappingStartEvent | SequenceStartEvent, line: int) -> None:
        self._check_tag(event, line)
        if len(self._open) == DEEPEST:
            self._stop(line, f"this is nested more than {DEEPEST} deep")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._grow(1, line)
        self._open.append(_Open(line, event.anchor, mapping=isinstance(event, MappingStartEvent)))

    def _add(self, node: Node, line: int, *, anchor: str | None = None, counted: bool = False) -> None:
        if not counted:
            self._grow(node.size, line)
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = Entry(line=line, node=node)
            return
        around = self._open[-1]
        if not around.mapping:
            around.parts[len(around.parts)] = Entry(line=line, node=node)
        elif around.key is None:
            around.key = self._key(node, line)
        else:
            key, key_line = around.key
            around.parts.setdefault(key, Entry(line=key_line, node=node))
            around.key = None

    def _key(self, node: Node, line: int) -> tuple[str, int]:
        if node.text is None:
            self._stop(line, "a key is a list or a mapping here", "write a word, a colon and a blank")
        first = self._open[-1].parts.get(node.text)
        if first is not None:
            path = dotted((*(each.step for each in self._open[:-1]), node.text))
            again = f"this key stands on line {first.line} already"
            self.problems.append(
                Problem(file=self._file, line=line, path=path, message=again, mend="keep one of the two")
            )
        return node.text, line

    def _scalar(self, event: ScalarEvent, line: int) -> Node:
        text = str(event.value)
        self._check_tag(event, line)
        if not text.isascii() and re.search(r"[\ud800-\udfff]", text):
            self._stop(line, "an escape here names half a character", "write the character itself")
        plain = event.style is None and event.tag is None
        tag = None if plain else event.tag if event.tag in CORE_TAGS else STR
        try:
            return Node(value=scalar(text, tag), text=text)
        except ValueError as error:
            self._stop(line, str(error), "remove the tag, the word that begins with !")

    def _named(self, event: AliasEvent, line: int) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            mend = f'a text that begins with * needs quotation marks; an anchor is written "&{name[:40]}"'
            self._stop(line, f"no anchor above is called {quoted(name)}", mend)
        node = self._anchors[name]
        if node is None:
            self._stop(line, f"*{name[:40]} stands inside of what it names", "a value cannot hold itself")
        return node

    def _check_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, line: int) -> None:
        if event.tag in {None, "!", *CORE_TAGS}:
            return
        shown = quoted(str(event.tag).removeprefix("tag:yaml.org,2002:"))
        self._stop(line, f"the tag {shown} has no meaning here", "remove it, or quote the whole text")

    def _grow(self, size: int, line: int) -> None:
        self._size += size
        if self._size > MOST_VALUES:
            self._stop(line, f"with aliases written out, this file holds over {MOST_VALUES:,} values")

    def _stop(self, line: int, message: str, mend: str = "") -> NoReturn:
        path = dotted(tuple(each.step for each in self._open))
        raise ConfigError([Problem(file=self._file, line=line, path=path, message=message, mend=mend)])
