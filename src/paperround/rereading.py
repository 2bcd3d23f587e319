"""What readers read again: the digests of the past, out of the ledger and the library."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from paperround.digests import Digest
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
        digests = [self._digest(row, reader) for row in found if row.message_id is not None]
        return self.letters.seen_in_browser(digests[0], subscriber).html if digests else None

    def _digest(self, row: DeliveryRecord, reader: Subscriber) -> Digest:
        known = (self.library.paper(paper) for paper in papers_of(row))
        return reprinted(row, reader, {paper.id: paper for paper in known if paper is not None})
