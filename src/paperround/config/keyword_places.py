"""Where each keyword of the subscribers stands in their file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paperround.config.problems import KeyPath
from paperround.config.yaml_lines import Document
from paperround.keywords import Keyword
from paperround.subscribers import Subscriber


class Wish(StrEnum):
    """Whether a keyword is looked for or ruled out: the key under which it stands."""

    WANTED = "keywords"
    EXCLUDED = "exclude"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A keyword where it is written, be it for one subscriber or, under `defaults`, for many."""

    keyword: Keyword
    wish: Wish
    path: KeyPath
    line: int


def places(document: Document, subscribers: Sequence[Subscriber]) -> Iterator[Place]:
    """Yield each keyword once for each place it is written in, in the order of the subscribers.

    `subscribers` are all that the document holds, in its order.
    """
    seen: set[KeyPath] = set()
    for number, subscriber in enumerate(subscribers):
        interests = subscriber.interests
        for wish, keywords in ((Wish.WANTED, interests.keywords), (Wish.EXCLUDED, interests.exclude)):
            own: KeyPath = ("subscribers", number, wish.value)
            around: KeyPath = own if document.at(own) else ("defaults", wish.value)
            for index, each in enumerate(keywords):
                path = (*around, index)
                if path not in seen:
                    seen.add(path)
                    yield Place(keyword=each, wish=wish, path=path, line=document.line(path))
