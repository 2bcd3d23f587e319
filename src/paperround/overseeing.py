"""The overview of an installation, gathered from its store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version

from paperround.overview import LOOKED_AT, SPAN, DayOfMail, Overview, by_source
from paperround.ports import Figures, Ledger, Library, OnUnknown, StoreError
from paperround.posting import standing_gaps
from paperround.web import Health

_DAY = timedelta(days=1)


def overseen(
    *,
    ledger: Ledger,
    library: Library,
    relay: str,
    on_unknown: OnUnknown,
    figures: Callable[[], Figures],
    health: Health,
    now: datetime,
) -> Overview:
    """Return how it stands now, with the relay of this name; that a store cannot be read is a problem too.

    What is read does not grow with the age of the store, but for its `figures`.
    """
    bare = Overview(at=now, version=version("paperround"), problems=health.problems, notes=health.notes)
    try:
        return replace(
            _of_days(bare, ledger, library),
            figures=figures(),
            held=ledger.held(on_unknown),
            pause=ledger.paused(relay, now=now),
        )
    except StoreError as error:
        return replace(bare, problems=(*health.problems, str(error)))


def _of_days(bare: Overview, ledger: Ledger, library: Library) -> Overview:
    tomorrow = bare.at.date() + _DAY  # which has begun for some readers, and some sources
    tallies, papers = ledger.tallies(tomorrow - SPAN), library.announced(tomorrow - SPAN)
    days = sorted({*tallies, *papers}, reverse=True)
    lately = [tomorrow - _DAY * back for back in range(2 * LOOKED_AT.days)]
    # The service tells of them itself; where none runs, nobody else does.
    unbalanced = map(str, standing_gaps(ledger, bare.at))
    return replace(
        bare,
        problems=tuple(dict.fromkeys((*bare.problems, *unbalanced))),
        mail=tuple(DayOfMail(day=day, tally=tallies.get(day, {})) for day in days),
        papers=papers,
        sources=by_source(library.batches(lately)),
    )
