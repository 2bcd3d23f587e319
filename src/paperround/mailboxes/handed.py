"""Messages that somebody hands to us: one, or several in the form of an mbox."""

import re
from collections.abc import Iterator

from paperround.ports import Incoming
from paperround.returns import LARGEST

_FROM_LINE = re.compile(rb"From [^\r\n]*\r?\n")
_BOUNDARY = re.compile(rb"(?:\r?\n){2}(?=From [^\r\n]{0,200}?\d{2}:\d{2}[^\r\n]{0,200}\r?\n)")


class Handed:
    """What stood in a file or came through a pipe, and is left there."""

    def __init__(self, contents: bytes) -> None:
        self._contents = contents

    def unseen(self, at_most: int) -> Iterator[Incoming]:
        """Yield the messages, in their order."""
        found = (each for each in _messages(self._contents) if each.strip())
        for number, message in zip(range(1, at_most + 1), found, strict=False):
            yield Incoming(name=f"message {number}", message=message if len(message) <= LARGEST else None)

    def done(self, incoming: Incoming) -> None:
        """Leave a message where it is: it is not ours to delete."""

    def keep(self, incoming: Incoming) -> None:
        """Leave a message where it is."""

    def close(self) -> None:
        """Do nothing; the file is closed."""


def _messages(contents: bytes) -> Iterator[bytes]:
    opening = _FROM_LINE.match(contents)
    if opening is None:
        yield contents
        return
    # Mail servers put such a line before a message that they pipe, and programs between those of an mbox.
    for message in _BOUNDARY.split(contents):
        found = _FROM_LINE.match(message)
        yield message[found.end() :] if found else message
