"""What readers read again: the digests of the past, out of the ledger and the library."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from paperround.digests import Digest
from paperround.issue import Reader, days_away
from paperround.letters import Letters
from paperround.ports import DeliveryRecord, Ledger, Library, SubscriberId
from paperround.reprints import papers_of, reprinted
from paperround.subscribers import Subscriber


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
        digests = [self._digest(row, reader, subscriber) for row in found if row.message_id is not None]
        return self.letters.seen_in_browser(digests[0], subscriber).html if digests else None

    def _digest(self, row: DeliveryRecord, reader: Subscriber, subscriber: SubscriberId) -> Digest:
        past = self.ledger.past([subscriber], row.day)[subscriber]
        known = (self.library.paper(paper) for paper in papers_of(row))
        digest = reprinted(row, reader, {paper.id: paper for paper in known if paper is not None})
        return replace(digest, days_away=days_away(Reader(subscriber=reader, past=past), row.day))
