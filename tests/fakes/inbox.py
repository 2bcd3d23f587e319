"""A mailbox in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from paperround.ports import Incoming
from paperround.returns import LARGEST


@dataclass
class MemoryInbox:
    """Keeps messages in a dictionary; `kept` are those that were seen."""

    messages: dict[str, bytes] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    closed: int = 0

    def unseen(self, at_most: int) -> Iterator[Incoming]:
        names = sorted(self.messages.keys() - self.kept)
        for name in names[:at_most]:
            message = self.messages[name]
            yield Incoming(name=name, message=message if len(message) <= LARGEST else None)

    def done(self, incoming: Incoming) -> None:
        del self.messages[incoming.name]

    def keep(self, incoming: Incoming) -> None:
        self.kept.add(incoming.name)

    def close(self) -> None:
        self.closed += 1
