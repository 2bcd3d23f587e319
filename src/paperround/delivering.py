"""The last step of a round: hand the planned letters to the relay, and record how each attempt ended."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from paperround.ports import (
    Claim,
    DeliveryId,
    Dispatch,
    Interrupted,
    Outcome,
    Refused,
    Relay,
    RelayUnusable,
    Status,
    StoreError,
    Taken,
    Unanswered,
)
from paperround.rates import LONGEST_HOLD, Later
from paperround.recording import Recorder
from paperround.replies import Reply, Step, Verdict, retry_after
from paperround.stopping import Stopped, unless_stopped

# So many in a row that were lost, or refused for reasons that are not the letter's, are about the relay.
PATIENCE = 3
# A list may begin with some addresses that are dead. One with no other is a relay that knows nobody.
DEAD_ADDRESSES = 10
TRIES_TO_RECORD = 3  # each as long as the store's patience with other programs

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many deliveries were tried, and what stopped it before all were, if anything.

    `later` is there where nothing is wrong with that, and the rest is due at its time.
    """

    attempts: int
    stopped: str | None
    later: Later | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way on which letters go out.

    `name` is that of the relay in the store, `return_path` the address to which a letter comes back;
    `refused` is told of what was refused for good, once that is recorded.
    """

    relay: Relay
    name: str
    connections: int
    return_path: Callable[[DeliveryId], str]
    refused: Callable[[DeliveryId, Reply], object]


async def deliver(
    dispatch: Dispatch,
    route: Route,
    claim: Callable[[int], Sequence[Claim] | Later],
    *,
    now: Callable[[], datetime],
    stop: asyncio.Event,
    patience: timedelta = timedelta(0),
    until: datetime | None = None,
) -> Delivered:
    """Deliver what `claim` takes, at most so many at once as connections wait for one; each letter by itself.

    A wait for the relay's turn of at most `patience` is sat through; a longer one ends the delivery. So
    does `stop`: what may have been accepted already is waited for, the rest is not. So does `until`, when it
    has come. An error of the store, or any other, ends it too, after the transactions in hand: what
    cannot be recorded is not sent.
    """
    postman = _Postman(dispatch, route, claim, now=now, stop=stop, patience=patience, until=until)
    try:
        # The first letter goes alone: a wrong password is then tried once, and not on every connection.
        if await postman.step():
            # Whatever ends one walk, nobody leaves before the others have: they may have letters in hand.
            async with asyncio.TaskGroup() as walks:
                for _ in range(route.connections):
                    walks.create_task(postman.walk())
    finally:
        if postman.sent:
            log.info("deliveries.sent", count=postman.sent)
        await route.relay.close()
    if postman.error is not None:
        raise postman.error
    return Delivered(attempts=postman.attempts, stopped=postman.stopped, later=postman.later)


class _Postman:
    """What the connections of one delivery share."""

    def __init__(
        self,
        dispatch: Dispatch,
        route: Route,
        claim: Callable[[int], Sequence[Claim] | Later],
        *,
        now: Callable[[], datetime],
        stop: asyncio.Event,
        patience: timedelta,
        until: datetime | None,
    ) -> None:
        self.attempts = self.sent = 0
        self.stopped: str | None = None
        self.later: Later | None = None
        self.error: Exception | None = None
        self._dispatch, self._route = dispatch, route
        self._recorder = Recorder(dispatch, claim, now=now)
        self._now, self._stop, self._patience, self._until = now, stop, patience, until
        self._queue = asyncio.Lock()
        self._in_vain = 0
        self._refusals: Counter[Verdict] = Counter()  # for good, since the relay last accepted something
        self._told: datetime | None = None  # until when the latest pause lasts that was logged
        self._troubled: bool | None = None  # whether the relay was paused since it last accepted something

    async def walk(self) -> None:
        """Take one letter after another until none is left, or there is reason to stop."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """Hand over one letter; return whether to go on."""
        try:
            claim = await self._next()
            if claim is None:
                return False
            self.attempts += 1
            await self._hand_over(claim)
        except Exception as error:  # noqa: BLE001 - raised again when the others have ended
            # They finish what they have in hand, for it may be on its way already.
            self.error, self.stopped = error, str(error)
        return True

    async def _next(self) -> Claim | None:
        """Return the next letter, when it is its turn; None where there is none, or reason to stop."""
        if not self._goes_on():
            return None
        taken = await self._recorder.claim()
        if not isinstance(taken, Later):
            return taken
        async with self._queue:  # one asks for the next turn, and the others wait behind it
            while self._goes_on():
                taken = await self._recorder.claim()
                if not isinstance(taken, Later):
                    return taken
                await self._wait(taken)
        return None

    def _goes_on(self) -> bool:
        if self._stop.is_set():
            self.stopped = self.stopped or "stopped by request"
        return self.stopped is None and (self._until is None or self._now() < self._until)

    async def _wait(self, later: Later) -> None:
        length = later.until - self._now()
        if length > self._patience:
            if self.stopped is None:  # what another has found out says more
                self.later, self.stopped = later, f"{later.reason}; on from {later.until:%H:%M:%S} UTC"
            return
        if later.pauses:
            log.warning("relay.paused", until=f"{later.until:%H:%M:%S}", reason=later.reason)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(length.total_seconds()):
                await self._stop.wait()

    async def _hand_over(self, claim: Claim) -> None:
        begun = self._now()
        try:
            words = await self._sent(claim)
        except Refused as refused:
            await self._refused(claim, refused.reply)
        except Interrupted as error:
            self._tried_in_vain(str(error))
            await self._put_off(claim, str(error), reason="the connection was lost")
        except Unanswered as error:
            self._tried_in_vain(str(error))
            await self._settle(claim, Status.UNKNOWN, str(error), reason="no reply to the whole letter")
        except RelayUnusable as error:
            self.stopped = str(error)
            await self._settle(claim, Status.PLANNED, str(error), reason="the relay cannot be used")
        except Stopped:
            await self._settle(claim, Status.PLANNED, "", reason="stopped by request")
        else:
            self._in_vain = 0
            self._refusals.clear()
            await self._settle(claim, Status.SENT, words)
            await self._accepts_again(begun)

    async def _sent(self, claim: Claim) -> str:
        """Return the relay's words; raise Stopped where a request to stop comes before the letter."""
        begun = False

        async def begin_data() -> None:
            nonlocal begun
            begun = True
            await self._recorder.begin_data(claim)

        sending = self._route.relay.send(
            sender=self._route.return_path(claim.id),
            recipient=claim.recipient,
            message=claim.message,
            begin_data=begin_data,
        )
        return await unless_stopped(sending, self._stop, must_finish=lambda: begun)

    async def _refused(self, claim: Claim, reply: Reply) -> None:
        words, reason = str(reply), _REASONS[reply.verdict]
        match reply.verdict:
            case Verdict.PERMANENT:
                await self._refused_for_good(claim, reply, enough=DEAD_ADDRESSES)
            case Verdict.OURS:
                await self._refused_for_good(claim, reply, enough=PATIENCE)
            case Verdict.PACE:
                until = await self._pause(words)
                await self._settle(claim, Status.DEFERRED, words, reason=reason, next_at=until)
            case Verdict.CONFIG if reply.step in _BEFORE_THE_READER:
                self.stopped = f"{reason}: {words}"
                await self._settle(claim, Status.PLANNED, words, reason=reason)
            case Verdict.CONFIG:
                self._tried_in_vain(words)
                await self._put_off(claim, words, reason=reason)
            case _:
                await self._put_off(claim, words, reason=reason)

    async def _refused_for_good(self, claim: Claim, reply: Reply, *, enough: int) -> None:
        """Give up a letter; or, where the relay takes none at all, leave it alone and wait for a person."""
        words, reason = str(reply), _REASONS[reply.verdict]
        # That a letter is refused again says nothing new of the relay.
        self._refusals[reply.verdict] += claim.attempts == 1
        if claim.attempts == 1 and self._refusals[reply.verdict] >= enough:
            why = f"{_ONE_AFTER_ANOTHER[reply.verdict]}: {words}"
            until = await self._pause(why, length=LONGEST_HOLD)
            self.later = None
            self.stopped = f"{why}; mend it, then `paperround send --now`, or wait until {until:%H:%M} UTC"
            await self._settle(claim, Status.DEFERRED, words, reason=reason, next_at=until)
        elif self._deserves_another_try(claim, reply) or await self._is_troubled():
            await self._put_off(claim, words, reason=reason)
        else:
            await self._settle(claim, Status.FAILED, words, reason=reason)
            await asyncio.to_thread(self._route.refused, claim.id, reply)

    def _deserves_another_try(self, claim: Claim, reply: Reply) -> bool:
        # That it is the letter's own affair shows when others are accepted and it is refused again.
        return reply.verdict is Verdict.OURS and claim.attempts == 1

    async def _pause(self, words: str, *, length: timedelta | None = None) -> datetime:
        self._troubled = True
        pause = partial(self._dispatch.pause, self._route.name, words, now=self._now(), length=length)
        until = await asyncio.to_thread(pause)
        if until != self._told:  # each connection may hear of the same one
            log.warning("relay.pause_begins", until=f"{until:%H:%M:%S}", reason=words)
            self._told = until
        return until

    async def _is_troubled(self) -> bool:
        if self._troubled is None:
            self._troubled = await asyncio.to_thread(self._dispatch.pauses, self._route.name) > 0
        return self._troubled

    async def _accepts_again(self, begun: datetime) -> None:
        """End the trouble with a relay, unless it came while the letter was on its way."""
        if await self._is_troubled():
            resume = partial(self._dispatch.resume, self._route.name, begun=begun)
            self._troubled = not await asyncio.to_thread(resume)

    def _tried_in_vain(self, words: str) -> None:
        self._in_vain += 1
        if self._in_vain >= PATIENCE and self.stopped is None:
            self.stopped = f"the relay takes nothing now: {words}"

    async def _put_off(self, claim: Claim, words: str, *, reason: str) -> None:
        jitter = random.random()  # noqa: S311 - spread, not secrecy
        next_at = self._now() + retry_after(claim.attempts, jitter=jitter)
        await self._settle(claim, Status.DEFERRED, words, reason=reason, next_at=next_at)

    async def _settle(
        self,
        claim: Claim,
        status: Status,
        words: str,
        *,
        reason: str = "",
        next_at: datetime | None = None,
    ) -> None:
        ended = Outcome(
            claim=claim, status=status, reply=words, reason=reason, next_at=next_at, at=self._now()
        )
        await self._recorded(ended)
        if status is Status.SENT:  # of those there may be a hundred thousand a day
            self.sent += 1
        else:
            log.info("delivery.settled", delivery=claim.id, status=status.value, attempts=claim.attempts)

    async def _recorded(self, outcome: Outcome) -> None:
        """Record how an attempt ended; while the store cannot, try again a few times and begin nothing."""
        for _ in range(TRIES_TO_RECORD - 1):
            try:
                return await self._recorder.settle(outcome)
            except Taken:
                raise
            except StoreError as error:
                self.stopped = self.stopped or str(error)
        return await self._recorder.settle(outcome)


# What is refused at these steps is refused to us, whoever the letter is for.
_BEFORE_THE_READER = (Step.CONNECT, Step.AUTH, Step.MAIL)


_ONE_AFTER_ANOTHER = {
    Verdict.PERMANENT: "the relay says of one address after the other that it takes no mail",
    Verdict.OURS: "the relay refuses letter after letter for what is ours to mend",
}
_REASONS = {
    Verdict.TEMPORARY: "refused for now",
    Verdict.PERMANENT: "the address does not accept mail",
    Verdict.OURS: "the relay does not accept this letter",
    Verdict.PACE: "the relay asks for a pause",
    Verdict.CONFIG: "the relay does not accept mail from us",
}
