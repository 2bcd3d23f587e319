"""An SMTP server that takes the mail, over a few connections that last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from paperround.delivery.connection import Host, Timeouts
from paperround.delivery.conversation import Conversation, StaleError, letter
from paperround.settings import RelaySettings


class SmtpRelay:
    """A relay over at most `settings.connections` connections, each used for many messages.

    `hostname` is the name we greet with, by default this machine's. TLS is what the settings say or
    there is no conversation; credentials never travel without it. `noticed` is told the host and when its
    certificate ends, at each connection where it shows one.
    """

    def __init__(
        self,
        settings: RelaySettings,
        *,
        hostname: str | None = None,
        timeouts: Timeouts | None = None,
        messages_per_connection: int = 100,
        clock: Callable[[], float] = time.monotonic,
        noticed: Callable[[str, datetime], None] = lambda _, __: None,
    ) -> None:
        self._host = Host(settings=settings, hostname=hostname, timeouts=timeouts or Timeouts())
        self._messages_per_connection = messages_per_connection
        self._clock, self._noticed = clock, noticed
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[Conversation] = []
        self._closings = 0

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        """Return the relay's reply once it has accepted the message; `begin_data` follows its 354."""
        stuffed = letter(sender, recipient, message)
        async with self._places:
            while True:
                closings = self._closings
                conversation = await self._conversation()
                try:
                    return await conversation.deliver(stuffed, begin_data)
                except StaleError:
                    continue
                finally:
                    await self._put_back(conversation, wanted=closings == self._closings)

    async def close(self) -> None:
        """Say goodbye on every connection that is idle, and on the others when they become so.

        The relay can be used again afterwards, over new connections.
        """
        self._closings += 1
        idle, self._idle = self._idle, []
        await asyncio.gather(*(conversation.quit() for conversation in idle))

    async def _conversation(self) -> Conversation:
        while self._idle:
            conversation = self._idle.pop()
            if self._clock() - conversation.idle_since < _LONGEST_IDLE:
                return conversation
            await conversation.quit()
        conversation = await Conversation.begin(self._host)
        if (until := conversation.certificate_until) is not None:
            self._noticed(self._host.settings.host, until)
        return conversation

    async def _put_back(self, conversation: Conversation, *, wanted: bool) -> None:
        if not conversation.is_open:
            return
        if not wanted or conversation.letters >= self._messages_per_connection:
            await conversation.quit()
            return
        conversation.idle_since = self._clock()
        self._idle.append(conversation)


# In seconds. Servers close what is idle for a while, and a new connection is cheap at our rates.
_LONGEST_IDLE = 30.0
