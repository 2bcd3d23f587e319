"""The alarms of the service: raised and ended by how it stands, and told to whoever runs it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from paperround.alarm_rules import Facts, RelayFacts, judge
from paperround.alarms import NOTES, Alarm, turn
from paperround.desk import Desk
from paperround.notices import notice
from paperround.observing import Observing
from paperround.off_ledger import hand_over
from paperround.ports import (
    AlarmRecord,
    Alarms,
    Interrupted,
    Refused,
    RelayUnusable,
    StoreError,
    Unanswered,
)
from paperround.settings import Mailbox, Settings
from paperround.stopping import Stopped

LOOK_FOR_ALARMS = timedelta(minutes=5)
BETWEEN_MAILS = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=4)  # after mails that did not get out

log = structlog.get_logger()


class Alarming:
    """Looks from time to time at how it stands, for as long as the process lives, whatever its config.

    What is new or over is in the store before it is logged, and before a mail tells of it.
    """

    def __init__(self, alarms: Alarms, observing: Observing) -> None:
        self._alarms, self._observing = alarms, observing
        self._standing: tuple[Alarm, ...] = ()
        self._at_work = asyncio.Lock()
        self._wait = timedelta(0)
        self._mailed_at: datetime | None = None

    def problems(self) -> tuple[str, ...]:
        """Return what was wrong at the latest look."""
        return tuple(alarm.sentence for alarm in self._standing if alarm.condition not in NOTES)

    def notes(self) -> tuple[str, ...]:
        """Return what should be looked at, though the work is done."""
        return tuple(alarm.sentence for alarm in self._standing if alarm.condition in NOTES)

    async def look(self, desk: Desk, settings: Settings, relay: Callable[[], RelayFacts | None]) -> None:
        """Raise and end alarms, and mail what is news. Whatever goes wrong, the next look tries again."""
        async with self._at_work:
            if desk.stop.is_set():
                return
            try:
                await self._look(desk, settings, relay())
            except Stopped:
                return
            except StoreError as error:
                log.warning("alarms.not_kept", reason=str(error))
            except Exception:  # whatever it was, no reader's mail is to suffer from it
                log.exception("alarms.failed")

    async def rest(self) -> None:
        """Return when no look is at work."""
        async with self._at_work:
            return

    async def _look(self, desk: Desk, settings: Settings, relay: RelayFacts | None) -> None:
        facts = await self._observing.facts(desk, settings, relay)
        records = await asyncio.to_thread(self._judge, facts, desk.now())
        self._standing = tuple(record.alarm for record in records if record.stands)
        news = [record for record in records if not record.is_told]
        if settings.operator is None:
            # Who is named later is told of what stands then, and not of what was.
            await self._mark([record for record in news if not record.stands], desk.now())
        elif news and self._may_mail(records, desk.now()) and await _takes_mail(desk, relay):
            await self._mail(news, desk, settings.operator)

    def _judge(self, facts: Facts, now: datetime) -> Sequence[AlarmRecord]:
        """Enter what changed, and return all that is known then."""
        before = {record.alarm.key: record for record in self._alarms.records() if record.stands}
        change = turn(judge(facts, before.keys(), now=now), before.keys())
        self._alarms.enter(change, now=now)
        for alarm in change.raised:
            named = {"condition": alarm.condition.value, "subject": alarm.subject}
            log.warning("alarm.raised", **named, reason=alarm.sentence)
        for key in sorted(change.ended):
            since = f"{before[key].raised_at:%Y-%m-%d %H:%M}"
            log.info("alarm.ended", condition=key[0].value, subject=key[1], since=since)
        return self._alarms.records()

    def _may_mail(self, records: Sequence[AlarmRecord], now: datetime) -> bool:
        """Return whether the last mail, before a new start too, is long enough ago."""
        told = (record.told_at for record in records if record.told_at is not None)
        latest = max((*told, *([self._mailed_at] if self._mailed_at else [])), default=None)
        return latest is None or not timedelta(0) <= now - latest < max(BETWEEN_MAILS, self._wait)

    async def _mail(self, news: Sequence[AlarmRecord], desk: Desk, operator: Mailbox) -> None:
        """Tell of these, and mark it; a mail that does not get out is tried again after twice the time."""
        self._mailed_at = now = desk.now()
        letters = desk.letters
        message = notice(news, sender=letters.sender, operator=operator, signer=letters.signer, now=now)
        self._wait = min(max(2 * self._wait, BETWEEN_MAILS), LONGEST_WAIT)
        try:
            await self._hand_over(message, desk, operator)
            await self._mark(news, now)
        except (Refused, Interrupted, Unanswered, RelayUnusable) as error:
            log.warning("alarms.not_mailed", alarms=len(news), reason=str(error))
            return
        self._wait = timedelta(0)
        log.info("alarms.mailed", alarms=len(news))

    async def _hand_over(self, message: bytes, desk: Desk, operator: Mailbox) -> None:
        try:
            await hand_over(message, operator.address, letters=desk.letters, relay=desk.relay, stop=desk.stop)
        finally:
            await desk.relay.close()

    async def _mark(self, told: Sequence[AlarmRecord], now: datetime) -> None:
        if told:
            await asyncio.to_thread(self._alarms.told, [record.id for record in told], now=now)


async def _takes_mail(desk: Desk, relay: RelayFacts | None) -> bool:
    """Return whether the relay is not known to be in trouble, which a mail would only wait for."""
    if relay is not None and relay.failing_since is not None:
        return False
    return not await asyncio.to_thread(desk.ledger.pauses, desk.rate.relay)
