"""Mail that the ledger knows nothing of: to the operator, and to strangers who ask for the papers."""

import asyncio

from paperround.letters import Letters
from paperround.ports import Relay
from paperround.stopping import unless_stopped


async def hand_over(
    message: bytes, recipient: str, *, letters: Letters, relay: Relay, stop: asyncio.Event
) -> None:
    """Hand a message to the relay, or raise what `Relay.send` does.

    Raise Stopped where somebody asks to stop before it is taken. That it may then have been sent, and is
    sent once more, does no harm.
    """
    sending = relay.send(
        sender=letters.mailbox,
        recipient=recipient,
        message=message,
        begin_data=_nothing,
    )
    await unless_stopped(sending, stop)


async def _nothing() -> None:
    """Mark nothing."""
