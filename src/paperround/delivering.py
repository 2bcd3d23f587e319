"""The last step of a round: hand the planned letters to the relay, and record how each attempt ended."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from paperround.ports import (
    Claim,
    Interrupted,
    Ledger,
    Refused,
    Relay,
    RelayUnusable,
    Status,
    StoreError,
    Unanswered,
)
from paperround.replies import Verdict, retry_after

# So many in a row that were lost, or refused for one of these reasons, are not about the letters.
PATIENCE = 3
_ABOUT_THE_RELAY = (Verdict.PACE, Verdict.CONFIG)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many deliveries were tried, and what stopped it before all were, if anything."""

    attempts: int
    stopped: str | None


async def deliver(
    ledger: Ledger,
    relay: Relay,
    claim: Callable[[datetime], Claim | None],
    *,
    sender: str,
    connections: int,
    now: Callable[[], datetime],
    stop: asyncio.Event,
) -> Delivered:
    """Deliver what `claim`, told when this began, takes from the ledger, each letter by itself.

    `stop` ends it: what may have been accepted already is waited for, the rest is not. An error of the
    ledger ends it too, after the transactions in hand: what cannot be recorded is not sent.
    """
    started = now()
    postman = _Postman(ledger, relay, lambda: claim(started), sender=sender, now=now, stop=stop)
    try:
        # The first letter goes alone: a wrong password is then tried once, and not on every connection.
        if await postman.step():
            await asyncio.gather(*(postman.walk() for _ in range(connections)))
    finally:
        await relay.close()
    if postman.error is not None:
        raise postman.error
    return Delivered(attempts=postman.attempts, stopped=postman.stopped)


class _Postman:
    """What the connections of one delivery share."""

    def __init__(
        self,
        ledger: Ledger,
        relay: Relay,
        claim: Callable[[], Claim | None],
        *,
        sender: str,
        now: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self.attempts = 0
        self.stopped: str | None = None
        self.error: StoreError | None = None
        self._ledger, self._relay, self._sender = ledger, relay, sender
        self._now, self._claim, self._stop = now, claim, stop
        self._in_vain = 0

    async def walk(self) -> None:
        """Take one letter after another until none is left, or there is reason to stop."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """Hand over one letter; return whether to go on."""
        if self._stop.is_set():
            self.stopped = self.stopped or "stopped by request"
        if self.stopped is not None:
            return False
        try:
            claim = await asyncio.to_thread(self._claim)
            if claim is None:
                return False
            self.attempts += 1
            await self._hand_over(claim)
        except StoreError as error:
            # The others finish what they have in hand, for it may be on its way already.
            self.error, self.stopped = error, str(error)
        return True

    async def _hand_over(self, claim: Claim) -> None:
        try:
            words = await self._sent(claim)
        except Refused as refused:
            await self._refused(claim, refused)
        except Interrupted as error:
            self._tried_in_vain(str(error))
            await self._settle(claim, Status.DEFERRED, str(error), reason="the connection was lost")
        except Unanswered as error:
            self._tried_in_vain(str(error))
            await self._settle(claim, Status.UNKNOWN, str(error), reason="no reply to the whole letter")
        except RelayUnusable as error:
            self.stopped = str(error)
            await self._settle(claim, Status.PLANNED, str(error), reason="the relay cannot be used")
        except _NotBegun:
            await self._settle(claim, Status.PLANNED, "", reason="stopped by request")
        else:
            self._in_vain = 0
            await self._settle(claim, Status.SENT, words)

    async def _sent(self, claim: Claim) -> str:
        """Return the relay's words; raise _NotBegun where a request to stop comes before the letter."""
        begun = False

        async def begin_data() -> None:
            nonlocal begun
            begun = True
            await asyncio.to_thread(self._ledger.begin_data, claim.id, now=self._now())

        sending = asyncio.ensure_future(
            self._relay.send(
                sender=self._sender, recipient=claim.recipient, message=claim.message, begin_data=begin_data
            )
        )
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and not begun:
                raise _NotBegun
            return await sending
        finally:
            for task in (sending, stopping):
                task.cancel()
            await asyncio.wait({sending, stopping})

    async def _refused(self, claim: Claim, refused: Refused) -> None:
        reply, verdict = refused.reply, refused.reply.verdict
        if verdict in _ABOUT_THE_RELAY:
            self._tried_in_vain(str(reply))
        final = verdict in (Verdict.PERMANENT, Verdict.OURS)
        status = Status.FAILED if final else Status.DEFERRED
        await self._settle(claim, status, str(reply), reason=_REASONS[verdict])

    def _tried_in_vain(self, words: str) -> None:
        self._in_vain += 1
        if self._in_vain >= PATIENCE and self.stopped is None:
            self.stopped = f"the relay takes nothing now: {words}"

    async def _settle(self, claim: Claim, status: Status, words: str, *, reason: str = "") -> None:
        next_at = None
        if status is Status.DEFERRED:
            jitter = random.random()  # noqa: S311 - spread, not secrecy
            next_at = self._now() + retry_after(claim.attempts, jitter=jitter)
        settle = partial(self._ledger.settle, claim.id, status, reply=words, reason=reason, next_at=next_at)
        await asyncio.to_thread(settle, now=self._now())
        log.info("delivery.settled", delivery=claim.id, status=status.value, attempts=claim.attempts)


class _NotBegun(Exception):  # noqa: N818 - it was asked for
    """The conversation was ended before the letter was written."""


_REASONS = {
    Verdict.TEMPORARY: "refused for now",
    Verdict.PERMANENT: "the address does not accept mail",
    Verdict.OURS: "the relay does not accept this letter",
    Verdict.PACE: "the relay asks for a pause",
    Verdict.CONFIG: "the relay does not accept mail from us",
}
