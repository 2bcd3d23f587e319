"""The whole round of a day: collect -> compose -> deliver.

`prepare` collects the papers and composes a row for everybody, and `post` delivers the letters among them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from paperround.batches import BatchRecord
from paperround.desk import Desk
from paperround.ports import Status
from paperround.posting import post
from paperround.preparing import prepare
from paperround.rates import Later
from paperround.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a day stands for some subscribers, and what this run did for it.

    `tally` counts the rows of the ledger by status. `batches` were asked for, `planned` rows entered
    and `attempts` made by this run; `stopped` says what ended the delivery before everything was tried,
    and `later` when the rest is due where nothing is wrong with that; `trouble` says why letters of it
    were made with the built-in templates and not with the operator's.
    """

    day: date
    subscribers: int
    tally: Mapping[Status, int]
    batches: tuple[BatchRecord, ...]
    planned: int
    attempts: int
    stopped: str | None
    later: Later | None = None
    trouble: str = ""

    @property
    def balances(self) -> bool:
        """Whether everybody has a row: a delivery, or the reason why there is none."""
        return sum(self.tally.values()) == self.subscribers


async def run(
    day: date,
    subscribers: Sequence[Subscriber],
    desk: Desk,
    *,
    max_age: timedelta,
    retry: bool = False,
    alone: bool = False,
    patience: timedelta = timedelta(0),
) -> Round:
    """Do what is still to be done for the day. Doing it again changes nothing.

    `max_age` is as for `prepare`, `retry` and `patience` as for `post`; with `alone`, nobody else's
    letters are delivered beside those of these subscribers.
    """
    prepared = await prepare(day, subscribers, desk, max_age=max_age)
    ids = prepared.subscribers
    delivered = await post(desk, of=ids if alone else None, retry=retry, patience=patience)
    return Round(
        day=day,
        subscribers=len(ids),
        tally=await asyncio.to_thread(desk.ledger.tally, ids, day),
        batches=prepared.batches,
        planned=prepared.planned,
        attempts=delivered.attempts,
        stopped=delivered.stopped,
        later=delivered.later,
        trouble=prepared.trouble,
    )
