"""How an installation stands, by the figures alone: nobody is named in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from paperround.batches import BatchRecord, BatchState
from paperround.phrases import counted, short_day, weekday
from paperround.ports import Figures, Status
from paperround.rates import Later

SPAN = timedelta(days=30)  # of what is shown by day
LOOKED_AT = timedelta(days=7)  # of the sources

_WAITING = (Status.PLANNED, Status.SENDING, Status.DEFERRED)
_SOUND = (BatchState.FRESH, BatchState.QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfMail:
    """How the rows of one day stand."""

    day: date
    tally: Mapping[Status, int]

    @property
    def readers(self) -> int:
        """How many have a row: a delivery, or the reason why there is none."""
        return sum(self.tally.values())

    @property
    def planned(self) -> int:
        """How many letters there were to be delivered, or are."""
        return self.waiting + sum(map(self.of, (Status.SENT, Status.UNKNOWN, Status.FAILED)))

    @property
    def waiting(self) -> int:
        """How many letters are yet to go out."""
        return sum(map(self.of, _WAITING))

    def of(self, status: Status) -> int:
        """Return how many rows are in this status."""
        return self.tally.get(status, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDays:
    """What one source gave lately, by day."""

    source: str
    batches: Mapping[date, BatchRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How it stands `at` this moment, `mail` and `sources` with the newest first.

    `problems` are to be mended, `notes` are not; each is a sentence, with commands between backticks.
    Days without mail are in `mail` where there were papers. Without `figures`, the store could not be read.
    `pause` is that of the relay, if one lasts.
    """

    at: datetime
    version: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mail: tuple[DayOfMail, ...] = ()
    papers: Mapping[date, int] = field(default_factory=dict)
    sources: tuple[SourceDays, ...] = ()
    figures: Figures | None = None
    pause: Later | None = None

    @property
    def title(self) -> str:
        """Whether anything is wrong."""
        return counted(len(self.problems), "problem") if self.problems else "All is well"

    @property
    def days(self) -> tuple[date, ...]:
        """The days that plots are of, without a gap; where a reader lives, tomorrow may have begun."""
        last = max([self.at.date(), *(each.day for each in self.mail)])
        return tuple(last - timedelta(days=back) for back in reversed(range(SPAN.days)))

    @property
    def source_days(self) -> tuple[date, ...]:
        """The days that sources are shown for, the newest first."""
        known = {day for each in self.sources for day in each.batches}
        return tuple(sorted(known, reverse=True))[: LOOKED_AT.days]

    @property
    def troubled(self) -> tuple[BatchRecord, ...]:
        """What of the sources was not as it should be, the newest first."""
        found = [
            batch
            for each in self.sources
            for day, batch in each.batches.items()
            if batch.state not in _SOUND and day in self.source_days
        ]
        return tuple(sorted(found, key=lambda batch: batch.day, reverse=True))

    @property
    def waiting(self) -> tuple[str, ...]:
        """What waits for a person, or for a relay."""
        return tuple(self._waiting())

    def _waiting(self) -> Iterator[str]:
        if self.figures is not None and self.figures.held:
            held = self.figures.held
            what = "a delivery" if held == 1 else f"{held:,} deliveries"
            yield (
                f"It is unknown what became of {what}: `paperround log --status unknown`, "
                "then `paperround resolve`"
            )
        if self.pause is not None:
            yield f"The relay is left alone until {self.pause.until:%H:%M} UTC: {self.pause.reason}"
        if self.figures is not None and (oldest := self.figures.oldest) is not None:
            waiting = sum(self.figures.deliveries.get(status, 0) for status in _WAITING)
            yield f"{counted(waiting, 'letter')} to go out, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"

    @property
    def totals(self) -> tuple[tuple[str, int], ...]:
        """What the store holds, each count with what it is of."""
        if self.figures is None:
            return ()
        counts: Mapping[str, Mapping[str, int]] = {
            "Deliveries": {each.value: count for each, count in self.figures.deliveries.items()},
            "Readers without mail": {each.value: count for each, count in self.figures.suppressed.items()},
            "Messages back": {each.value: count for each, count in self.figures.returned.items()},
        }
        return (
            ("Papers", self.figures.papers),
            ("Digests", self.figures.digests),
            *(
                (f"{what}: {choice.replace('_', ' ')}", count)
                for what, found in counts.items()
                for choice, count in sorted(found.items())
            ),
        )

    def entry(self) -> dict[str, object]:
        """Return all of it as scripts read it."""
        return {
            "at": self.at.isoformat(),
            "version": self.version,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "waiting": list(self.waiting),
            "days": [_day_entry(each) for each in self.mail],
            "papers": {str(day): count for day, count in sorted(self.papers.items(), reverse=True)},
            "sources": [
                _batch_entry(batch)
                for each in self.sources
                for day, batch in each.batches.items()
                if day in self.source_days
            ],
            **(_totals(self.figures) if self.figures else {}),
        }


def near_day(day: date) -> str:
    """Return a day that is not long ago as "Tue 16 Jun"."""
    number, month = short_day(day).split()
    return f"{weekday(day)[:3]} {number} {month[:3]}"


def briefly(batch: BatchRecord) -> str:
    """Return a batch in a word or two: "555", "3 partial", "quiet"."""
    state = "" if batch.state is BatchState.FRESH else batch.state.value
    return " ".join(part for part in (f"{batch.papers:,}" if batch.papers else "", state) if part)


def by_source(batches: Sequence[BatchRecord]) -> tuple[SourceDays, ...]:
    """Return the batches by source, each with the newest first."""
    names = sorted({batch.source for batch in batches})
    newest = sorted(batches, key=lambda batch: batch.day, reverse=True)
    return tuple(
        SourceDays(source=name, batches={batch.day: batch for batch in newest if batch.source == name})
        for name in names
    )


def _day_entry(mail: DayOfMail) -> dict[str, object]:
    return {
        "day": str(mail.day),
        "readers": mail.readers,
        "planned": mail.planned,
        **{status.value: mail.of(status) for status in Status if status not in _WAITING},
        "waiting": mail.waiting,
    }


def _batch_entry(batch: BatchRecord) -> dict[str, object]:
    told = {"source": batch.source, "day": str(batch.day), "state": batch.state.value}
    return {**told, "papers": batch.papers, "reason": batch.reason}


def _totals(figures: Figures) -> dict[str, object]:
    return {
        "deliveries": {status.value: figures.deliveries.get(status, 0) for status in Status},
        "suppressed": {cause.value: number for cause, number in figures.suppressed.items()},
        "returned": {effect.value: number for effect, number in figures.returned.items()},
        "unknown_waiting": figures.held,
        "papers_stored": figures.papers,
    }
