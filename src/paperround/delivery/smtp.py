"""An SMTP server that takes the mail, over a few connections that last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from paperround.delivery.connection import Host, Timeouts, connect
from paperround.delivery.conversation import Conversation, Letter, StaleError, letter
from paperround.delivery.pipelined import PipelinedConversation
from paperround.settings import RelaySettings, Transport


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
        self._noticed = noticed
        self._places = asyncio.Semaphore(settings.at_once)
        self._lanes = [
            _Lane(self._begin, most=messages_per_connection, clock=clock) for _ in range(settings.connections)
        ]

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        """Return the relay's reply once it has accepted the message; `begin_data` follows its 354."""
        stuffed = letter(sender, recipient, message)
        async with self._places:
            lane = min(self._lanes, key=lambda lane: (lane.letters, not lane.is_open))
            return await lane.send(stuffed, begin_data)

    async def close(self) -> None:
        """Say goodbye on every connection that is idle, and on the others when they become so.

        The relay can be used again afterwards, over new connections.
        """
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    async def _begin(self) -> Conversation | PipelinedConversation:
        smtp = await connect(self._host)
        pipelined = self._host.settings.transport is Transport.PIPELINED and PipelinedConversation.suits(smtp)
        conversation = (PipelinedConversation if pipelined else Conversation)(self._host, smtp)
        if (until := conversation.certificate_until) is not None:
            self._noticed(self._host.settings.host, until)
        return conversation


class _Lane:
    """The place of one connection, at which letters take turns; `letters` are in it now.

    A turn lasts until the next letter can begin: until the reply to this one; pipelined, until it is written.
    """

    def __init__(
        self,
        begin: Callable[[], Awaitable[Conversation | PipelinedConversation]],
        *,
        most: int,
        clock: Callable[[], float],
    ) -> None:
        self.letters = 0
        self._begin, self._most, self._clock = begin, most, clock
        self._turn = asyncio.Lock()
        self._conversation: Conversation | PipelinedConversation | None = None
        self._idle_since = 0.0
        self._closings = self._begun_after = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that can be used."""
        return self._conversation is not None and self._conversation.is_open

    async def send(self, letter: Letter, begin_data: Callable[[], Awaitable[None]]) -> str:
        self.letters += 1
        try:
            while True:
                try:
                    return await self._send(letter, begin_data)
                except StaleError:
                    continue
        finally:
            self._idle_since = self._clock()
            try:
                if self.letters == 1 and self._is_over():
                    await self._end()
            finally:
                self.letters -= 1

    async def close(self) -> None:
        """Say goodbye, now or when the last letter that is in the lane has its reply."""
        self._closings += 1
        if not self.letters:
            await self._end()

    async def _send(self, letter: Letter, begin_data: Callable[[], Awaitable[None]]) -> str:
        async with self._turn:
            conversation = await self._ready()
            if isinstance(conversation, Conversation):
                return await conversation.deliver(letter, begin_data)
            answer = await conversation.hand_over(letter, begin_data)
        return await answer()

    async def _ready(self) -> Conversation | PipelinedConversation:
        too_long = self.letters == 1 and self._clock() - self._idle_since >= _LONGEST_IDLE
        if self._is_over() or too_long:
            await self._leave()
        if self._conversation is None:
            self._begun_after = self._closings
            self._conversation = await self._begin()
        return self._conversation

    def _is_over(self) -> bool:
        conversation = self._conversation
        return conversation is not None and (
            not conversation.is_open
            or conversation.letters >= self._most
            or self._begun_after != self._closings
        )

    async def _end(self) -> None:
        async with self._turn:
            await self._leave()

    async def _leave(self) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            await conversation.quit()


# In seconds. Servers close what is idle for a while, and a new connection is cheap at our rates.
_LONGEST_IDLE = 30.0
