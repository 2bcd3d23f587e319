"""What readers read again: the digests of the past, out of the ledger and the library."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from paperround import atom
from paperround.digests import Digest
from paperround.issue import Reader, days_away
from paperround.letters import Letters
from paperround.papers import Paper, PaperId
from paperround.ports import DeliveryRecord, Ledger, Library, Status, SubscriberId
from paperround.reprints import papers_of, reprinted
from paperround.subscribers import Subscriber

IN_A_FEED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A reader's digests as a feed; `version` is another whenever there is something new in it."""

    version: str
    document: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Makes digests again; `readers` tells what is known of somebody now, sent mail or not."""

    ledger: Ledger
    library: Library
    letters: Letters
    readers: Callable[[SubscriberId], Subscriber | None]

    def digest(self, subscriber: SubscriberId, day: date) -> str | None:
        """Return the digest of that day as HTML, or None where there was no letter."""
        reader = self.readers(subscriber)
        if reader is None:
            return None
        found = self.ledger.rows(day=day, address=reader.address)
        digests = self._digests([row for row in found if row.message_id is not None], reader, subscriber)
        return self.letters.seen_in_browser(digests[0], subscriber).html if digests else None

    def feed(self, subscriber: SubscriberId, *, now: datetime) -> Feed | None:
        """Return the latest digests as a feed, or None where there is none for somebody."""
        reader = self.readers(subscriber)
        if reader is None or (address := self.feed_address(subscriber)) is None:
            return None
        since = (now - IN_A_FEED).date()
        found = self.ledger.rows(since=since, address=reader.address)
        rows = [row for row in found if row.message_id and row.status is not Status.SUPPRESSED]
        told = (address, reader.language, *(f"{row.message_id} {row.planned_at}" for row in rows))
        return Feed(
            version="\n".join(told),
            document=lambda: atom.written(self._feed(subscriber, reader, rows, address, since)),
        )

    def feed_address(self, subscriber: SubscriberId) -> str | None:
        """Return where somebody's feed is, if there are feeds."""
        return self.letters.feed(subscriber)

    def _feed(
        self,
        subscriber: SubscriberId,
        reader: Subscriber,
        rows: Sequence[DeliveryRecord],
        address: str,
        since: date,
    ) -> atom.Feed:
        sender = self.letters.sender
        entries = (
            atom.Entry(
                id=_identity(row),
                updated=row.planned_at,
                link=self.letters.view(subscriber, row.day) or address,
                mail=self.letters.mail(digest, subscriber),
            )
            for row, digest in zip(rows, self._digests(rows, reader, subscriber), strict=True)
        )
        return atom.Feed(
            id=f"tag:{sender.domain},2026:digests/{subscriber}",
            address=address,
            title=sender.shown,
            author=sender.shown,
            language=reader.language,
            updated=max((row.planned_at for row in rows), default=datetime.combine(since, time(), UTC)),
            entries=tuple(entries),
        )

    def _digests(
        self, rows: Iterable[DeliveryRecord], reader: Subscriber, subscriber: SubscriberId
    ) -> Sequence[Digest]:
        chosen = tuple(rows)
        ids = frozenset[PaperId]().union(*map(papers_of, chosen))
        known: Mapping[PaperId, Paper] = {paper.id: paper for paper in self.library.papers(ids)}
        return [
            replace(reprinted(row, reader, known), days_away=self._days_away(row, reader, subscriber))
            for row in chosen
        ]

    def _days_away(self, row: DeliveryRecord, reader: Subscriber, subscriber: SubscriberId) -> int:
        past = self.ledger.past([subscriber], row.day)[subscriber]
        return days_away(Reader(subscriber=reader, past=past), row.day)


def _identity(row: DeliveryRecord) -> str:
    """Return the name of a digest in all programs and for ever: that of its message (RFC 2392)."""
    return f"mid:{quote((row.message_id or '').strip('<>'), safe='@')}"
