"""What alarms are raised by: counted in the store, seen on the disk, and asked of the DNS once a day."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from paperround.alarm_rules import A_DAY, LOOK_BACK, Facts, LetterFacts, RelayFacts, Room, SourceFacts
from paperround.app import room_of
from paperround.desk import Desk
from paperround.dkim_signing import Signer
from paperround.domain_records import Level
from paperround.headers import wire_domain
from paperround.key_records import of_published
from paperround.name_service import DnsSilent, NameService
from paperround.ports import Status
from paperround.posting import standing_gaps
from paperround.settings import DkimSettings, Settings, Tls

# How long what the DNS said of the keys holds; what is wrong, or was not answered, may be mended sooner.
ASK_AGAIN, ASK_SOONER = A_DAY, timedelta(hours=1)

log = structlog.get_logger()


class Observing:
    """Gathers the facts of a look, and remembers those that are not asked for at each."""

    def __init__(self, names: NameService) -> None:
        self._names = names
        self._certificates: dict[str, datetime] = {}
        self._dkim: DkimSettings | None = None
        self._keys: Mapping[str, str] | None = None
        self._ask_keys_at: datetime | None = None

    def noticed(self, host: str, until: datetime) -> None:
        """Remember when the certificate ends that a host has just shown."""
        self._certificates[host] = until

    async def facts(self, desk: Desk, settings: Settings, relay: RelayFacts | None) -> Facts:
        """Return how it stands; raise StoreError."""
        now = desk.now()
        return replace(
            await asyncio.to_thread(_stored, desk, now),
            relay=relay,
            certificates=self._certificate(settings),
            keys=await self._unverifiable(desk.letters.signer, settings.dkim, now),
            room=await asyncio.to_thread(_room, settings),
        )

    def _certificate(self, settings: Settings) -> Mapping[str, datetime] | None:
        relay = settings.relay
        if relay is None or relay.tls is Tls.NONE:
            return {}
        until = self._certificates.get(relay.host)
        return None if until is None else {relay.host: until}

    async def _unverifiable(
        self, signer: Signer | None, dkim: DkimSettings | None, now: datetime
    ) -> Mapping[str, str] | None:
        if signer is None or dkim is None:
            return {}
        if dkim != self._dkim or self._ask_keys_at is None or now >= self._ask_keys_at:
            self._dkim, self._keys = dkim, await self._wrong_records(signer, dkim)
            well = self._keys is not None and not self._keys
            self._ask_keys_at = now + (ASK_AGAIN if well else ASK_SOONER)
        return self._keys

    async def _wrong_records(self, signer: Signer, dkim: DkimSettings) -> Mapping[str, str] | None:
        try:
            found = await of_published(signer, wire_domain(dkim.domain), self._names)
        except DnsSilent as error:
            log.info("alarms.dns_silent", reason=str(error))
            return None
        return {each.about: each.message for each in found if each.level is Level.PROBLEM}


def _stored(desk: Desk, now: datetime) -> Facts:
    return Facts(
        sources=tuple(_sources(desk, now)),
        letters=_letters(desk, now),
        gaps={gap.day: str(gap) for gap in standing_gaps(desk.ledger, now)},
    )


def _sources(desk: Desk, now: datetime) -> Iterator[SourceFacts]:
    tomorrow = now.date() + A_DAY  # has begun somewhere
    days = [tomorrow - timedelta(days=back) for back in range(LOOK_BACK.days + 1)]
    known = desk.library.batches(days)
    for source in desk.sources:
        batches = tuple(batch for batch in known if batch.source == source.name)
        yield SourceFacts(name=source.name, calendar=source.calendar, batches=batches)


def _letters(desk: Desk, now: datetime) -> LetterFacts:
    outcomes = desk.ledger.outcomes(now - A_DAY)
    return LetterFacts(
        sent=outcomes.get(Status.SENT, 0),
        failed=outcomes.get(Status.FAILED, 0),
        held=desk.ledger.held(desk.on_unknown),
    )


def _room(settings: Settings) -> Room | None:
    try:
        return room_of(settings)
    except OSError as error:
        log.warning("alarms.disk_unseen", reason=str(error))
        return None
