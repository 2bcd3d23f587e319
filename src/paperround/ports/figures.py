"""How it stands, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from paperround.alarms import Condition
from paperround.batches import BatchState
from paperround.ports.deliveries import Cause, Status
from paperround.ports.returns import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the store holds, counted; nobody is named.

    `newest` is each source's latest day with papers, `digests` how many were made into letters,
    `oldest` when the oldest letter that still waits was planned, and `held` how many unknown ones wait
    for a person. Of the conditions in `alarms`, an alarm stands.
    """

    batches: Mapping[tuple[str, BatchState], int]  # by source and state
    newest: Mapping[str, date]
    papers: int
    digests: int
    deliveries: Mapping[Status, int]
    oldest: datetime | None
    held: int
    suppressed: Mapping[Cause, int]
    returned: Mapping[Effect, int]
    alarms: frozenset[Condition]
