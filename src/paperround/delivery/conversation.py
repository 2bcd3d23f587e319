"""A conversation with an SMTP server: one message after the other over one connection."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from paperround.delivery.connection import LOST, Host, certificate_until, drop, why, within
from paperround.headers import wire_address
from paperround.ports import Interrupted, Refused, Unanswered
from paperround.replies import Reply, Step, heard

CLOSING = 421
BLOCK = 64 * 1024  # bytes of a message that are written at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message as it travels, made by `letter`: checked, addressed, its leading dots doubled."""

    sender: bytes
    recipient: bytes
    size: int
    body: bytes


def letter(sender: str, recipient: str, message: bytes) -> Letter:
    """Return the message as it travels, or raise Refused for what no relay should be asked."""
    # A line break that only some servers take for one could end the message early (SMTP smuggling).
    breaks = message.count(b"\r\n")
    if not message.isascii() or message.count(b"\n") != breaks or message.count(b"\r") != breaks:
        words = "5.6.0 the message is not in lines of ASCII that end in CR LF"
        raise Refused(Reply(code=554, text=words, step=Step.DOT))
    whole = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = whole.replace(b"\r\n.", b"\r\n..")
    return Letter(
        sender=_path(sender, "5.1.7", Step.MAIL),
        recipient=_path(recipient, "5.1.3", Step.RCPT),
        size=len(whole),
        body=b"." + stuffed if stuffed.startswith(b".") else stuffed,
    )


def mail_command(host: Host, limit: str | None, letter: Letter) -> bytes:
    """Return how an envelope begins, or raise Refused where the server's limit is too low for the letter."""
    command = b"MAIL FROM:<" + letter.sender + b">"
    if limit is None:
        return command
    if 0 < _number(limit) < letter.size:
        words = f"5.3.4 the message has {letter.size} bytes; {host} takes {limit}"
        raise Refused(Reply(code=552, text=words, step=Step.MAIL))
    return command + b" SIZE=%d" % letter.size


def envelope_accepted(host: Host, response: aiosmtplib.SMTPResponse, step: Step) -> None:
    """Return if the server goes along with this step of the envelope, or raise Refused or Interrupted."""
    reply = host.heard(response.code, response.message, step)
    if reply.code // 100 == (3 if step is Step.DATA else 2):
        return
    if reply.code // 100 in _REFUSING:
        raise Refused(reply)
    raise Interrupted(f"{host}: {str(reply)!r} is no answer to {step.upper()}")


def message_accepted(host: Host, response: aiosmtplib.SMTPResponse) -> Reply:
    """Return the reply to a whole message if it was accepted, or raise Refused or Unanswered."""
    reply = host.heard(response.code, response.message, Step.DOT)
    if reply.code // 100 == 2:  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit is the outcome
        return reply
    if reply.code // 100 in _REFUSING:
        raise Refused(reply)
    raise Unanswered(f"{host}: {str(reply)!r} is no answer to a message")


class StaleError(Exception):
    """The server had ended the conversation while it was idle; nothing of the message was sent."""


class Conversation:
    """One connection; whatever leaves it unsure of its state ends it.

    `letters` counts the messages it was used for.
    """

    def __init__(self, host: Host, smtp: aiosmtplib.SMTP) -> None:
        self._host = host
        self._smtp = smtp
        self.letters = 0

    @property
    def certificate_until(self) -> datetime | None:
        """When the certificate that the relay showed comes to its end, if it showed one."""
        return certificate_until(self._smtp)

    @property
    def is_open(self) -> bool:
        """Whether another message can go this way."""
        return self._smtp.is_connected

    async def deliver(self, letter: Letter, begin_data: Callable[[], Awaitable[None]]) -> str:
        """Hand over one message and return the reply to it.

        Raise StaleError, after which another conversation may be tried at once, Refused, Interrupted or
        Unanswered.
        """
        self.letters += 1
        try:
            return await self._transaction(letter, begin_data)
        except Refused as refusal:
            await self._start_over(refusal.reply)
            raise
        except BaseException:
            drop(self._smtp)
            raise

    async def quit(self) -> None:
        """Say goodbye and end the connection."""
        try:
            await within(self._host.timeouts.courtesy, self._smtp.quit())
        except LOST:
            pass
        finally:
            drop(self._smtp)

    async def _transaction(self, letter: Letter, begin_data: Callable[[], Awaitable[None]]) -> str:
        timeouts = self._host.timeouts
        await self._mail(letter)
        await self._ask(Step.RCPT, b"RCPT", b"TO:<" + letter.recipient + b">", patience=timeouts.envelope)
        await self._ask(Step.DATA, b"DATA", patience=timeouts.data)
        await begin_data()
        await self._write(letter.body)
        return str(await self._final_reply())

    async def _mail(self, letter: Letter) -> None:
        command = mail_command(self._host, self._smtp.esmtp_extensions.get("size"), letter)
        try:
            await self._ask(Step.MAIL, command, patience=self._host.timeouts.envelope)
        except Interrupted as interruption:
            if self.letters > 1:
                raise StaleError from interruption
            raise
        except Refused as refusal:
            if self.letters > 1 and refusal.reply.code == CLOSING:
                raise StaleError from refusal
            raise

    async def _ask(self, step: Step, *command: bytes, patience: timedelta) -> None:
        try:
            response = await within(patience, self._smtp.execute_command(*command))
        except LOST as error:
            raise Interrupted(f"{self._host}: {why(error)}, at {step.upper()}") from error
        envelope_accepted(self._host, response, step)

    async def _write(self, body: bytes) -> None:
        """Write the message block by block as the server takes it, and then the dot."""
        try:
            protocol = self._protocol()
            for start in range(0, len(body), BLOCK):
                protocol.write(body[start : start + BLOCK])
                await within(self._host.timeouts.block, _drained(protocol))
            protocol.write(b".\r\n")
        except LOST as error:
            raise Interrupted(f"{self._host}: {why(error)}, in the middle of the message") from error

    async def _final_reply(self) -> Reply:
        try:
            response = await within(self._host.timeouts.dot, self._protocol().read_response())
        except LOST as error:
            raise Unanswered(f"{self._host}: {why(error)}, after the whole message") from error
        return message_accepted(self._host, response)

    async def _start_over(self, refusal: Reply) -> None:
        """Leave the envelope behind after a refusal, or the connection where that fails."""
        clean = False
        try:
            if refusal.code != CLOSING:
                await within(self._host.timeouts.courtesy, self._smtp.rset())
                clean = True
        except LOST:
            pass
        finally:
            if not clean:
                drop(self._smtp)

    def _protocol(self) -> SMTPProtocol:
        if self._smtp.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        return self._smtp.protocol


_REFUSING = (4, 5)


async def _drained(protocol: SMTPProtocol) -> None:
    await protocol._drain_helper()  # noqa: SLF001 - what asyncio's own StreamWriter.drain awaits of a protocol


def _path(address: str, status: str, step: Step) -> bytes:
    try:
        return wire_address(address).encode("ascii")
    except ValueError as error:
        raise Refused(heard(553, f"{status} {error}", step)) from error


def _number(limit: str) -> int:
    """Return the limit that a server announced, 0 where it names none."""
    return int(limit) if re.fullmatch("[0-9]{1,18}", limit) else 0
