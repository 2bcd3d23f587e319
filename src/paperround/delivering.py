"""The last step of a round: hand the planned letters to the relay, and record how each attempt ended."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from paperround.ports import (
    Claim,
    Interrupted,
    Ledger,
    Refused,
    Relay,
    RelayUnusable,
    Status,
    Unanswered,
)
from paperround.replies import Verdict, retry_after

# So many refusals of one of these kinds in a row, with nothing accepted, are not about the letters.
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
    claim: Callable[[], Claim | None],
    *,
    sender: str,
    connections: int,
    now: Callable[[], datetime],
    stop: asyncio.Event,
) -> Delivered:
    """Deliver what `claim` takes from the ledger, each letter in a transaction of its own.

    `stop` ends it after the transactions in hand. Nobody else may be delivering from this ledger. An
    error of the ledger ends it too: what cannot be recorded is not sent.
    """
    recovered = await asyncio.to_thread(ledger.recover, now=now())
    if recovered:
        log.warning("deliveries.recovered", count=recovered)
    postman = _Postman(ledger, relay, claim, sender=sender, now=now, stop=stop)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(postman.walk())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    finally:
        await relay.close()
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
        self._ledger, self._relay, self._sender = ledger, relay, sender
        self._now, self._claim, self._stop = now, claim, stop
        self._refused_in_a_row = 0

    async def walk(self) -> None:
        """Take one letter after another until none is left, or there is reason to stop."""
        while self.stopped is None and not self._stop.is_set():
            claim = await asyncio.to_thread(self._claim)
            if claim is None:
                return
            self.attempts += 1
            await self._hand_over(claim)
        if self.stopped is None:
            self.stopped = "stopped by request"

    async def _hand_over(self, claim: Claim) -> None:
        async def begin_data() -> None:
            await asyncio.to_thread(self._ledger.begin_data, claim.id, now=self._now())

        try:
            words = await self._relay.send(
                sender=self._sender, recipient=claim.recipient, message=claim.message, begin_data=begin_data
            )
        except Refused as refused:
            await self._refused(claim, refused)
        except Interrupted as error:
            await self._settle(claim, Status.DEFERRED, str(error), reason="the connection was lost")
        except Unanswered as error:
            await self._settle(claim, Status.UNKNOWN, str(error), reason="no reply to the whole letter")
        except RelayUnusable as error:
            self.stopped = str(error)
            await self._settle(claim, Status.PLANNED, str(error), reason="the relay cannot be used")
        else:
            self._refused_in_a_row = 0
            await self._settle(claim, Status.SENT, words)

    async def _refused(self, claim: Claim, refused: Refused) -> None:
        reply, verdict = refused.reply, refused.reply.verdict
        if verdict in _ABOUT_THE_RELAY:
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= PATIENCE:
                self.stopped = f"the relay takes nothing now: {reply}"
        final = verdict in (Verdict.PERMANENT, Verdict.OURS)
        status = Status.FAILED if final else Status.DEFERRED
        await self._settle(claim, status, str(reply), reason=_REASONS[verdict])

    async def _settle(self, claim: Claim, status: Status, words: str, *, reason: str = "") -> None:
        wait = retry_after(claim.attempts, jitter=random.random()) if status is Status.DEFERRED else None  # noqa: S311 - spread, not secrecy
        await asyncio.to_thread(
            self._ledger.settle,
            claim.id,
            status,
            reply=words,
            reason=reason,
            next_at=self._now() + wait if wait is not None else None,
            now=self._now(),
        )
        log.info("delivery.settled", delivery=claim.id, status=status.value, attempts=claim.attempts)


_REASONS = {
    Verdict.TEMPORARY: "refused for now",
    Verdict.PERMANENT: "the address does not accept mail",
    Verdict.OURS: "the relay does not accept this letter",
    Verdict.PACE: "the relay asks for a pause",
    Verdict.CONFIG: "the relay does not accept mail from us",
}
