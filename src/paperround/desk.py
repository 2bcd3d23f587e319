"""What a round is done with, in one place."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from paperround.joining import Joining
from paperround.letters import Letters
from paperround.polls import Polls
from paperround.ports import (
    Embedder,
    Ledger,
    Library,
    OnUnknown,
    Preferences,
    Relay,
    Source,
)
from paperround.preferences import overlaid
from paperround.rates import Rate
from paperround.returning import Returning
from paperround.roll import Roll
from paperround.shifts import Shift
from paperround.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a round is done with.

    `roll` knows all subscribers there are: nobody else gets anything; `preferences` are what they chose for
    themselves. Without an `embedder`, papers are ranked by words alone. `rate` is what the relay may be
    handed, `returning` looks after mail that comes back, `joining` after strangers who ask for the papers,
    and `catch_up` is how long after a reader's hour a digest may still go out. `shift` is entered for the
    delivery, so that of several processes each makes its own part of it; `stop` ends it after the
    transactions in hand.
    """

    roll: Roll
    sources: Sequence[Source]
    library: Library
    ledger: Ledger
    preferences: Preferences
    letters: Letters
    relay: Relay
    rate: Rate
    returning: Returning
    connections: int
    on_unknown: OnUnknown
    now: Callable[[], datetime]
    catch_up: timedelta
    shift: Callable[[], AbstractAsyncContextManager[Shift]]
    embedder: Embedder | None = None
    polls: Polls = field(default_factory=Polls)
    joining: Joining | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """All there are at this moment, as they were set up: who joins by themselves is one from then on."""
        return self.roll.everybody()

    def current(self, subscribers: Sequence[Subscriber]) -> tuple[Subscriber, ...]:
        """Return these subscribers as they wish to read by now."""
        return overlaid(subscribers, self.preferences.overlays())
