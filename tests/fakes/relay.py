"""A relay in memory, which accepts everything but what it is told to fail at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from paperround.ports import Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    sender: str
    recipient: str
    message: bytes


@dataclass(slots=True)
class MemoryRelay:
    """Keeps what it accepts in `handed`.

    `faults` are raised, one a try, in place of an answer to the recipient's message: an Unanswered
    after the message was handed over, every other before `begin_data`.
    """

    faults: dict[str, list[Exception]] = field(default_factory=dict)
    handed: list[Handed] = field(default_factory=list)
    closed: bool = False

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        waiting = self.faults.get(recipient)
        fault = waiting.pop(0) if waiting else None
        if fault is not None and not isinstance(fault, Unanswered):
            raise fault
        await begin_data()
        self.handed.append(Handed(sender=sender, recipient=recipient, message=message))
        if fault is not None:
            raise fault
        return f"250 2.0.0 handed over as {len(self.handed)}"

    async def close(self) -> None:
        self.closed = True
