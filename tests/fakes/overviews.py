"""How an installation of some size may stand, on a Wednesday that does not go well, and on one that does."""

from datetime import UTC, datetime, timedelta

from paperround.batches import BatchRecord, BatchState
from paperround.overview import DayOfMail, Overview, by_source
from paperround.ports import Cause, Effect, Figures, Status
from paperround.rates import Later

NOW = datetime(2026, 11, 25, 8, 40, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
_DAYS = [NOW.date() - timedelta(days=back) for back in range(30)]
_WORKDAYS = [day for day in _DAYS if day.weekday() < 5]


def well() -> Overview:
    """Return one of which nothing is wrong, and of which much is known."""
    mail = tuple(
        DayOfMail(day=day, tally={Status.SENT: 2400 + number, Status.QUIET: 30})
        for number, day in enumerate(_WORKDAYS)
    )
    papers = {day: 400 + 37 * number % 300 for number, day in enumerate(_WORKDAYS)}
    sources = [
        BatchRecord(
            source=source,
            day=day,
            state=BatchState.FRESH if day in _WORKDAYS else BatchState.QUIET,
            papers=34 if day in _WORKDAYS else 0,
            new=30,
            reason="",
            etag=None,
            fetched_at=NOW,
        )
        for source in ("arXiv", "Hugging Face", "A journal with a rather long name of its own")
        for day in _DAYS[:9]
    ]
    return Overview(at=NOW, version="1.0", mail=mail, papers=papers, sources=by_source(sources))


def ill() -> Overview:
    """Return one with everything wrong that there is."""
    broken = BatchRecord(
        source=f"Distill {HOSTILE}",
        day=_DAYS[0],
        state=BatchState.FAILED,
        papers=0,
        new=0,
        reason=f"503 {HOSTILE}",
        etag=None,
        fetched_at=NOW,
    )
    tally = {Status.SENT: 1400, Status.DEFERRED: 900, Status.UNKNOWN: 40, Status.FAILED: 60}
    return Overview(
        at=NOW,
        version="1.0",
        problems=(f"421 {HOSTILE}", "subscribers.yaml:12: it cannot be used; `paperround check` says why"),
        notes=("it waits for arXiv",),
        mail=(DayOfMail(day=_DAYS[0], tally=tally), *well().mail[1:]),
        papers=well().papers,
        sources=(*well().sources, *by_source([broken])),
        figures=Figures(
            batches={},
            newest={},
            papers=123_456,
            digests=70_000,
            deliveries={Status.SENT: 69_000, Status.DEFERRED: 900},
            oldest=NOW - timedelta(hours=1),
            held=2,
            suppressed={Cause.BOUNCED: 12},
            returned={Effect.SUPPRESSED: 12, Effect.TOO_EARLY: 1},
            alarms=frozenset(),
        ),
        pause=Later(until=NOW + timedelta(minutes=8), reason=f"421 {HOSTILE}", pauses=3),
    )
