"""What is done with mail that comes back: read, entered, and only then taken out of its mailbox."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

import structlog

from paperround.bouncing import weight
from paperround.ports import (
    Bounce,
    Cause,
    Consequence,
    DeliveryId,
    Effect,
    Finding,
    Inbox,
    InboxUnusable,
    Incoming,
    Irrelevant,
    Returns,
    StoreError,
)
from paperround.replies import Reply
from paperround.returns import read

MOST = 500  # messages read at once

# What nobody has to look at any more. The rest is kept for people to read.
_SETTLED = frozenset({Effect.SUPPRESSED, Effect.COUNTED, Effect.NOTED, Effect.REPEATED})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a message was, and what came of it; one on which we do not act has no consequence."""

    name: str
    finding: Finding | Irrelevant
    consequence: Consequence | None = None


def clear(
    inbox: Inbox,
    returns: Returns,
    *,
    secret: bytes,
    now: Callable[[], datetime],
    at_most: int = MOST,
) -> Iterator[Account]:
    """Deal with each unseen message, and say what it was once it is dealt with.

    A message is deleted after what it leads to is on disk. Where that fails, or the process ends in
    between, it is read again, and counts once all the same. What is not for us, or asks for a person,
    stays in the mailbox as seen. Raise InboxUnusable or StoreError.
    """
    for incoming in inbox.unseen(at_most):
        account = _entered(incoming, returns, secret=secret, now=now())
        effect = account.consequence.effect if account.consequence else None
        if effect in _SETTLED:
            inbox.done(incoming)
        elif effect is not Effect.TOO_EARLY:
            inbox.keep(incoming)
        yield account


def rehearse(
    inbox: Inbox,
    returns: Returns,
    *,
    secret: bytes,
    now: Callable[[], datetime],
    at_most: int = MOST,
) -> Iterator[Account]:
    """Say of each unseen message what it is and what would come of it; nothing is changed."""
    for incoming in inbox.unseen(at_most):
        finding, digest = _found(incoming, secret)
        known = None if isinstance(finding, Irrelevant) else returns.foresee(finding, digest, now=now())
        yield Account(name=incoming.name, finding=finding, consequence=known)


def _entered(incoming: Incoming, returns: Returns, *, secret: bytes, now: datetime) -> Account:
    finding, digest = _found(incoming, secret)
    if isinstance(finding, Irrelevant):
        log.info("return.ignored", reason=finding.reason)
        return Account(name=incoming.name, finding=finding)
    consequence = returns.enter(finding, digest, now=now)
    _logged(finding, consequence)
    return Account(name=incoming.name, finding=finding, consequence=consequence)


def _found(incoming: Incoming, secret: bytes) -> tuple[Finding | Irrelevant, bytes]:
    if incoming.message is None:
        return Irrelevant(reason="larger than a megabyte"), b""
    return read(incoming.message, secret=secret), hashlib.sha256(incoming.message).digest()


def _logged(finding: Finding, consequence: Consequence) -> None:
    """Log what came of it; the words of a bounce stay out, for they name addresses."""
    facts = {"kind": type(finding).__name__.lower(), "effect": consequence.effect.value}
    delivery, subscriber = getattr(finding, "delivery", None), getattr(finding, "subscriber", None)
    if consequence.effect is Effect.OURS or consequence.cause is Cause.BOUNCED:
        log.warning("return.alarming", **facts, delivery=delivery)
    else:
        log.info("return.entered", **facts, delivery=delivery, subscriber=subscriber)


PATIENCE = timedelta(hours=1)  # with a mailbox that cannot be read
UNWELCOME = 3  # readers within a day whose mail came back for what is ours to mend
MANY = 5  # readers whose mail came back for good within a day
A_DAY = timedelta(days=1)


class Returning:
    """Looks at a mailbox from time to time, and says what is wrong with it or with our mail.

    Without one, messages are handed to the command; what they say of our mail counts here too.
    """

    def __init__(
        self,
        *,
        open_inbox: Callable[[], Inbox] | None,
        returns: Returns,
        secret: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._open_inbox, self._returns = open_inbox, returns
        self._secret, self._now = secret, now
        self._at_work = asyncio.Lock()
        self._stop = Event()
        self._failing_since: datetime | None = None
        self._failure = ""

    @property
    def has_inbox(self) -> bool:
        """Whether there is a mailbox to look at."""
        return self._open_inbox is not None

    def refused(self, delivery: DeliveryId, reply: Reply) -> Consequence:
        """Enter what a relay refused for good, which comes to the same as a letter that came back."""
        bounce = Bounce(delivery=delivery, weight=weight(reply), words=str(reply), message_id=None)
        digest = hashlib.sha256(f"refused {delivery}".encode()).digest()
        consequence = self._returns.enter(bounce, digest, now=self._now())
        _logged(bounce, consequence)
        return consequence

    async def look(self) -> None:
        """Deal with what came back since the last look. Whatever goes wrong, the next look tries again."""
        async with self._at_work:
            try:
                await asyncio.to_thread(self._clear)
            except (InboxUnusable, StoreError) as error:
                log.warning("returns.unreadable", reason=str(error))
                self._fails(error)
            except Exception as error:  # whatever it was, the next look tries again
                log.exception("returns.failed")
                self._fails(error)
            else:
                self._failing_since = None

    async def rest(self) -> None:
        """End the look that is at work after the message in hand, and return when it has ended."""
        self._stop.set()
        async with self._at_work:
            return

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong for so long, or for so many, that somebody should mend it."""
        now, problems = self._now(), []
        if self._failing_since is not None and now - self._failing_since >= PATIENCE:
            since = f"{self._failing_since:%Y-%m-%d %H:%M} UTC"
            problems.append(f"what comes back has not been read since {since}: {self._failure}")
        unwelcome = self._returns.unwelcome(now - A_DAY)
        if unwelcome >= UNWELCOME:
            problems.append(
                f"mail to {unwelcome} readers came back within a day for reasons that are ours to mend; "
                "`paperround log --status failed` shows them"
            )
        ended = self._returns.ended(now - A_DAY)
        if ended >= MANY:
            problems.append(
                f"{ended} readers get nothing any more since their mail came back within a day; where that "
                "was a server's mistake, `paperround subscribers readmit` takes it back"
            )
        return tuple(problems)

    def _clear(self) -> None:
        if self._open_inbox is None or self._stop.is_set():
            return
        with closing(self._open_inbox()) as inbox:
            for _ in clear(inbox, self._returns, secret=self._secret, now=self._now):
                if self._stop.is_set():
                    return

    def _fails(self, error: Exception) -> None:
        self._failing_since = self._failing_since or self._now()
        self._failure = str(error)
