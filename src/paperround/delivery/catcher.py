"""An SMTP server on this machine that keeps what it is sent in a folder, to try things out with."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from paperround.delivery.outbox import Outbox, filename
from paperround.ports import RelayUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One message as it came to one of its recipients, and the file it is kept in."""

    sender: str
    recipient: str
    message: bytes
    path: Path


class Catcher:
    """A server on a free loopback port for as long as it is entered; `received` is what came, in order."""

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: list[Caught] = []
        self._conversations: set[SMTP] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; there is one only while it is entered."""
        if self._server is None:
            raise RuntimeError("the catcher listens inside `async with` only")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._greet, self.host, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            # From Python 3.12 on the server waits for its clients, and some never leave.
            for conversation in self._conversations:
                if conversation.transport is not None:
                    conversation.transport.close()
            await server.wait_closed()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd hands it over
        session: Session,  # noqa: ARG002 - aiosmtpd hands it over
        envelope: Envelope,
    ) -> str:
        """Keep the message that was sent."""
        outbox = Outbox(self.folder)
        sender, message = envelope.mail_from or "", envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            try:
                await outbox.send(sender=sender, recipient=recipient, message=message, begin_data=_at_once)
            except RelayUnusable as error:
                return f"452 4.3.1 {error}"
            path = self.folder / filename(recipient, message)
            self.received.append(Caught(sender=sender, recipient=recipient, message=message, path=path))
        return "250 2.0.0 caught"

    def _greet(self) -> SMTP:
        conversation = SMTP(self, hostname="localhost", ident="catcher", loop=asyncio.get_running_loop())
        self._conversations.add(conversation)
        return conversation


async def _at_once() -> None:
    pass
