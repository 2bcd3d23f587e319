"""Where mail goes."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from paperround.replies import Reply


class Refused(Exception):  # noqa: N818 - an answer, not a mistake of ours
    """The relay answered, and not with yes."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class Interrupted(Exception):  # noqa: N818
    """The conversation ended before the message can have been accepted; the message says how."""


class Unanswered(Exception):  # noqa: N818
    """The whole message went out and no reply came: it may or may not have been accepted."""


class RelayUnusable(Exception):  # noqa: N818
    """No message can be delivered this way now: no connection, no TLS, wrong credentials."""


class Relay(Protocol):
    """A way to hand over a finished message."""

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        """Return the relay's words once it has accepted the message.

        `begin_data` is awaited before the first moment at which the message could be accepted without
        our learning of it; if it raises, nothing is handed over. Raise Refused, Interrupted,
        Unanswered or RelayUnusable.
        """

    async def close(self) -> None:
        """End the conversations politely."""
