"""A conversation with an SMTP server in which the next envelope follows a message at once (RFC 2920)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import aiosmtplib

from paperround.delivery.connection import LOST, Host, certificate_until, drop, why, within
from paperround.delivery.conversation import (
    BLOCK,
    CLOSING,
    Letter,
    StaleError,
    envelope_accepted,
    mail_command,
    message_accepted,
)
from paperround.delivery.line import Line
from paperround.ports import Interrupted, Refused, Unanswered
from paperround.replies import Step

Response = asyncio.Future[aiosmtplib.SMTPResponse]


class PipelinedConversation:
    """One connection; whatever leaves it unsure of its state ends it.

    `hand_over` is for one letter at a time, and returns as soon as that is written: the next may be handed
    over while it is still unanswered. `letters` counts the messages it was used for.
    """

    def __init__(self, host: Host, smtp: aiosmtplib.SMTP) -> None:
        self._host, self._smtp = host, smtp
        self._line = Line.of(smtp)
        self._dot: Response | None = None  # the reply to the message that was written last
        self._left = False
        self.letters = 0

    @staticmethod
    def suits(smtp: aiosmtplib.SMTP) -> bool:
        """Return whether the server reads on while it answers."""
        return smtp.supports_extension("pipelining")

    @property
    def certificate_until(self) -> datetime | None:
        """When the certificate that the relay showed comes to its end, if it showed one."""
        return certificate_until(self._smtp)

    @property
    def is_open(self) -> bool:
        """Whether another message can go this way."""
        return not self._left and self._line.is_open

    async def hand_over(
        self, letter: Letter, begin_data: Callable[[], Awaitable[None]]
    ) -> Callable[[], Awaitable[str]]:
        """Write one message, and return what waits for the reply to it; that raises Refused or Unanswered.

        Raise StaleError, after which another conversation may be tried at once, Refused or Interrupted.
        """
        self.letters += 1
        await self._envelope(letter)
        try:
            await begin_data()
            return partial(self._answer, await self._write(letter.body))
        except BaseException:
            self._leave()
            raise

    async def quit(self) -> None:
        """Wait for the reply that is due, say goodbye, and end the connection."""
        await self._previous()
        try:
            if self.is_open:
                [goodbye] = self._line.ask(b"QUIT\r\n", replies=1)
                await within(self._host.timeouts.courtesy, goodbye)
        except LOST:
            pass
        finally:
            drop(self._smtp)

    async def _envelope(self, letter: Letter) -> None:
        """Return once the server waits for the message; after a refusal, once it takes another envelope."""
        mail = mail_command(self._host, self._smtp.esmtp_extensions.get("size"), letter)
        questions = b"%b\r\nRCPT TO:<%b>\r\nDATA\r\n" % (mail, letter.recipient)
        try:
            replies = self._line.ask(questions, replies=len(_STEPS))
        except LOST as error:
            raise self._stale_or(Interrupted(f"{self._host}: {why(error)}, at MAIL")) from error
        try:
            await self._previous()  # whose patience is its own
            refusal, awaits_message = await self._read(replies)
            if refusal is not None:
                await self._start_over(b".\r\n" if awaits_message else b"")
        except BaseException:
            self._leave()
            raise
        if refusal is not None:
            raise refusal
        if self._left and self.letters > 1:  # for what the letter before has met
            raise StaleError

    async def _read(self, replies: list[Response]) -> tuple[Refused | None, bool]:
        """Read the replies to an envelope; return the first refusal, and whether a message is awaited."""
        refusal, awaits_message = None, False
        for step, reply in zip(_STEPS, replies, strict=True):
            try:
                await self._accepted(step, reply)
                awaits_message = step is Step.DATA
            except Refused as refused:
                refusal = refusal or refused
                if refused.reply.code == CLOSING:
                    raise self._stale_or(refusal, at=step) from None
            except Interrupted as interruption:
                raise refusal or self._stale_or(interruption, at=step) from interruption.__cause__
        return refusal, awaits_message

    async def _accepted(self, step: Step, reply: Response) -> None:
        timeouts = self._host.timeouts
        try:
            response = await within(timeouts.data if step is Step.DATA else timeouts.envelope, reply)
        except LOST as error:
            raise Interrupted(f"{self._host}: {why(error)}, at {step.upper()}") from error
        envelope_accepted(self._host, response, step)

    def _stale_or(self, error: Refused | Interrupted, *, at: Step = Step.MAIL) -> Exception:
        """Return what a letter meets where the server may have ended an earlier conversation."""
        return StaleError() if at is Step.MAIL and self.letters > 1 else error

    async def _write(self, body: bytes) -> Response:
        """Write the message block by block as the server takes it, and then the dot."""
        try:
            for start in range(0, len(body), BLOCK):
                self._line.write(body[start : start + BLOCK])
                await within(self._host.timeouts.block, self._line.drained())
            [self._dot] = self._line.ask(b".\r\n", replies=1)
        except LOST as error:
            raise Interrupted(f"{self._host}: {why(error)}, in the middle of the message") from error
        return self._dot

    async def _answer(self, dot: Response) -> str:
        try:
            response = await within(self._host.timeouts.dot, dot)
            return str(message_accepted(self._host, response))
        except LOST as error:
            self._left = True
            raise Unanswered(f"{self._host}: {why(error)}, after the whole message") from error
        except Refused as refused:
            # The server has forgotten the envelope, and may have the next one already: no RSET.
            self._left = self._left or refused.reply.code == CLOSING
            raise
        except BaseException:
            self._left = True
            raise
        finally:
            if self._left:
                drop(self._smtp)

    async def _start_over(self, lone_dot: bytes) -> None:
        """Leave the envelope behind after a refusal, or the connection where that fails.

        A server that waits for a message to nobody is given the end of one.
        """
        clean = False
        try:
            for reply in self._line.ask(lone_dot + b"RSET\r\n", replies=1 + bool(lone_dot)):
                response = await within(self._host.timeouts.courtesy, reply)
            clean = response.code // 100 == 2  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit is the outcome
        except LOST:
            pass
        finally:
            if not clean:
                self._leave()

    async def _previous(self) -> None:
        """Return once the letter before has its reply, or will get none."""
        if self._dot is not None:
            await asyncio.wait({self._dot})

    def _leave(self) -> None:
        """End the connection, as soon as nothing is on its way that may have been accepted."""
        self._left = True
        if self._dot is None or self._dot.done():
            drop(self._smtp)


_STEPS = (Step.MAIL, Step.RCPT, Step.DATA)
