"""What interests would have brought in the last week, by the papers that are stored."""

from dataclasses import dataclass
from datetime import timedelta

from paperround.ports import Library
from paperround.subscribers import Interests
from paperround.trials import Trial, trial

WEEK = timedelta(days=7)
MOST_PAPERS = 2000  # the newest; a second or two of work for each thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWeek:
    """The papers of the last week that anything was announced in."""

    library: Library

    def __call__(self, interests: Interests) -> Trial | None:
        """Return how many of them meet these interests, or None where nothing is stored yet."""
        newest = self.library.latest_day()
        if newest is None:
            return None
        listings = self.library.listings(newest - WEEK + timedelta(days=1), newest)
        latest = list({listing.paper.id: listing for listing in reversed(listings)}.values())[:MOST_PAPERS]
        return trial(
            interests,
            [listing.paper for listing in latest],
            since=min(listing.day for listing in latest),
        )
