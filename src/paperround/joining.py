"""How strangers become readers: they ask, are sent a mail, and confirm it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from paperround.admission import Admission, mailbox_of, network_of
from paperround.answers import Answers
from paperround.config import addresses
from paperround.config.subscriptions import NEVER_READERS
from paperround.off_ledger import hand_over
from paperround.ports import (
    Asking,
    Cause,
    Interrupted,
    Ledger,
    Members,
    Refused,
    Relay,
    RelayUnusable,
    Request,
    RequestId,
    Requests,
    Unanswered,
    Wish,
)
from paperround.rates import Later, Rate
from paperround.replies import Reply, Verdict
from paperround.roll import Roll
from paperround.stopping import Stopped
from paperround.subscribers import Subscriber
from paperround.tokens import keyed_hash

PATIENCE = timedelta(seconds=10)  # for a turn at the relay; for a later one there is a later look
MOST = 100  # mails sent in one look

log = structlog.get_logger()


class Joining:
    """Takes what is asked for, sends the mails for it, and does it when it is confirmed.

    What is asked for is the same work for every address; what it leads to, the mail shows to whoever reads
    it. While it is not `is_open`, nothing is sent, and what is too old is forgotten all the same.
    """

    def __init__(
        self,
        *,
        is_open: bool,
        requests: Requests,
        members: Members,
        roll: Roll,
        ledger: Ledger,
        answers: Answers,
        relay: Relay,
        rate: Rate,
        now: Callable[[], datetime],
    ) -> None:
        self.is_open = is_open
        self._requests, self._members, self._roll, self._ledger = requests, members, roll, ledger
        self._answers, self._relay, self._rate, self._now = answers, relay, rate, now
        self._at_work = asyncio.Lock()
        self._stop = asyncio.Event()

    @property
    def newcomer(self) -> Subscriber:
        """How somebody reads who says nothing but keywords."""
        return self._roll.newcomer

    def address(self, typed: str) -> str:
        """Return an address as mail is sent to it, or raise ValueError where none can be."""
        return addresses.address(typed.strip())

    def ask(self, address: str, wish: Wish, *, host: str) -> Admission:
        """Take what somebody at that host asks for, if they may ask."""
        asking = Asking(
            address=address,
            wish=wish,
            mark=self._digest("address", mailbox_of(address)),
            network=self._digest("network", network_of(host)),
        )
        admission = self._requests.enter(asking, rate=self._rate, now=self._now())
        log.info("subscription.asked", admission=admission.value)
        return admission

    def asked(self, request: RequestId) -> Wish | None:
        """Return what a request asks for, or None where it cannot be confirmed any more."""
        found = self._requests.request(request, now=self._now())
        return found.wish if found else None

    def confirm(self, request: RequestId, *, host: str) -> Subscriber | None:
        """Do what a request asks for, and return the reader; None where it cannot be done any more."""
        now = self._now()
        found = self._requests.request(request, now=now)
        if found is None:
            return None
        joins = not self._roll.arranges(found.address)
        network = self._digest("network", network_of(host))
        subscriber = self._members.confirm(request, network=network, joins=joins, now=now)
        if subscriber is None:
            return None
        log.info("subscription.confirmed", subscriber=subscriber)
        return self._reader(found.address)

    async def look(self) -> None:
        """Send the mails that are due. Whatever goes wrong, the next look tries again."""
        async with self._at_work:
            try:
                await asyncio.to_thread(self._requests.tidy, now=self._now())
                if self.is_open:
                    await self._send_all()
            except Exception:  # whatever it was, the next look tries again
                log.exception("answers.failed")

    async def rest(self) -> None:
        """End the look that is at work, and return when it has ended."""
        self._stop.set()
        async with self._at_work:
            return

    async def _send_all(self) -> None:
        sent = 0
        try:
            while sent < MOST and not self._stop.is_set():
                taken = await asyncio.to_thread(self._requests.claim, rate=self._rate, now=self._now())
                if taken is None:
                    return
                if isinstance(taken, Request):
                    sent += 1
                    await self._send(taken)
                elif not await self._waited(taken):
                    return
        except RelayUnusable as error:
            log.warning("answers.not_sent", reason=str(error))
        finally:
            if sent:
                await self._relay.close()

    async def _waited(self, later: Later) -> bool:
        """Wait for the relay's turn, and return whether it has come."""
        length = later.until - self._now()
        if length > PATIENCE:
            return False
        await asyncio.sleep(max(length.total_seconds(), 0))
        return True

    async def _send(self, request: Request) -> None:
        message = await asyncio.to_thread(self._message, request)
        if message is None:
            await asyncio.to_thread(self._requests.drop, request.id)
            return
        try:
            await hand_over(
                message, request.address, letters=self._answers.letters, relay=self._relay, stop=self._stop
            )
        except Refused as refused:
            await self._refused(request, refused.reply)
        except (Interrupted, Unanswered, Stopped) as error:
            # It may have been accepted; a second one asks for the same and does no harm.
            log.warning("answer.interrupted", attempts=request.attempts, reason=str(error))
        else:
            await asyncio.to_thread(self._requests.mailed, request.id)
            log.info("answer.sent", attempts=request.attempts)

    async def _refused(self, request: Request, reply: Reply) -> None:
        log.warning("answer.refused", attempts=request.attempts, reply=str(reply))
        if reply.verdict is Verdict.PERMANENT:
            await asyncio.to_thread(self._requests.drop, request.id)
        if reply.verdict is Verdict.PACE:
            await asyncio.to_thread(self._ledger.pause, self._rate.relay, str(reply), now=self._now())

    def _message(self, request: Request) -> bytes | None:
        """Return the mail for whoever has the address, or None where they must not get any."""
        now, address = self._now(), request.address.lower()
        if address in self._our_own() or address.partition("@")[0] in NEVER_READERS:
            return None
        reader = self._reader(request.address)
        known = self._ledger.enrol([reader.address], now=now) if reader else {}
        suppression = self._suppressed(address)
        if suppression is not None and suppression is not Cause.UNSUBSCRIBED:
            return None
        if reader is not None and suppression is None:
            return self._answers.already(request, known[reader.address], now=now)
        return self._answers.confirm(request, now=now)

    def _suppressed(self, address: str) -> Cause | None:
        """Return why an address gets nothing, if so."""
        suppressions = self._ledger.suppressions()
        known = self._ledger.addresses(suppressions)
        causes = (suppressions[each].cause for each, name in known.items() if name.lower() == address)
        return next(causes, None)

    def _reader(self, address: str) -> Subscriber | None:
        readers = (each for each in self._roll.everybody() if each.address.lower() == address.lower())
        return next(readers, None)

    def _our_own(self) -> frozenset[str]:
        """Return the addresses from which mail to them would come back to us, round in circles."""
        letters = self._answers.letters
        return frozenset(each.lower() for each in (letters.sender.address, letters.bounces) if each)

    def _digest(self, purpose: str, text: str) -> bytes:
        return keyed_hash(self._answers.letters.secret, f"{purpose}\0{text}")
