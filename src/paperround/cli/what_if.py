"""replay: what other interests would have brought."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from paperround.app import embedder
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, FAILED, Format, FormatOption, JsonOption, app
from paperround.composing import meaning_of
from paperround.config.loading import INSTALLATION, SUBSCRIBERS
from paperround.digests import Pick
from paperround.papers import Paper, PaperId
from paperround.phrases import counted, full_day, long_day
from paperround.preferences import overlaid
from paperround.replaying import ReplayedDay, replay, totals
from paperround.selection import LONGEST_LOOK_BACK
from paperround.settings import Settings
from paperround.store import open_store
from paperround.subscribers import Subscriber


@app.command("replay")
def replay_days(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    since: Annotated[datetime, frame.date_option("The first day.", "--since")],
    until: Annotated[
        datetime | None, frame.date_option("The last day; the newest one stored if left out.", "--until")
    ] = None,
    config: Annotated[
        Path,
        typer.Option(
            "--config",
            envvar=frame.CONFIG_VARIABLE,
            metavar="DIR",
            help="The folder with the interests to try; it may hold a subscribers.yaml alone.",
        ),
    ] = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Show what would have come on stored days under other interests, and what not; nothing is sent."""
    settings = _settings(config)
    (subscriber,) = frame.chosen(settings.subscribers, address)
    first, last = since.date(), until.date() if until else None
    if last is not None and last < first:
        frame.wrong_call(f"--until {last} lies before --since {first}")
    with frame.err.status("Reading the stored days") as status:
        found = _replayed(settings, subscriber, first, last, tell=lambda day: status.update(_ranking(day)))
    if found is None:
        span = f"from {first} to {last}" if last else f"since {first}"
        frame.say(f"paperround: nothing is stored {span} in {settings.store}; {_mend(config)}")
        raise typer.Exit(FAILED)
    days, papers = found
    if frame.wants_json(form, json_flag=json):
        frame.answer([_day(day, papers) for day in days])
        frame.say(_summary(days))
        return
    frame.tell(f"{subscriber.address}, with the interests of {config / SUBSCRIBERS}")
    frame.tell("+ would have come too   - would not have come   ~ on another day   = as it was")
    for day in days:
        _tell_day(day, papers)
    frame.tell(f"\n{_summary(days)}")


def _settings(config: Path) -> Settings:
    """Return the settings with the interests of that folder, and the store that goes with them.

    The store is the one that the folder's own paperround.yaml names; without one, that of the usual config.
    """
    usual = frame.usual_config()
    if config == usual or (config / INSTALLATION).exists():
        return frame.settings_of(config)
    return frame.loaded(usual, readers_of=config).settings


def _mend(config: Path) -> str:
    """Return what to do where the store holds nothing of the days that are asked for."""
    own, usual = config / INSTALLATION, frame.usual_config()
    if config == usual or not own.exists():
        return "`paperround log` shows the days that were sent"
    return f"{own} names this store; without that file, the one of {usual} is read"


def _replayed(
    settings: Settings,
    subscriber: Subscriber,
    since: date,
    until: date | None,
    *,
    tell: Callable[[date], None],
) -> tuple[Sequence[ReplayedDay], Mapping[PaperId, Paper]] | None:
    """Return the replayed days and the papers that they tell of, or None where nothing is stored of them."""
    with closing(open_store(settings.store)) as store:
        (subscriber,) = overlaid([subscriber], store.preferences.overlays())
        listings = store.library.listings(_back(since), until or date.max)
        rows = store.ledger.rows(address=subscriber.address)
        stored = {listing.day for listing in listings}
        stored |= {row.day for row in rows if until is None or row.day <= until}
        first, last = max(since, min(stored, default=since)), max(stored, default=date.min)
        if last < since:
            return None
        span = (last - _back(first)).days + 1
        batches = store.library.batches([last - timedelta(days=back) for back in range(span)])
        model = embedder(settings, store.vectors)
        meaning, remark = meaning_of([each.paper for each in listings], [subscriber], model)
    if remark:
        frame.say(f"warning: {remark}")
    days = replay(
        subscriber,
        since=first,
        until=last,
        rows=rows,
        listings=listings,
        batches=batches,
        meaning=meaning,
        tell=tell,
    )
    return days, {listing.paper.id: listing.paper for listing in listings}


def _ranking(day: date) -> str:
    return f"Ranking {full_day(day)} once more"


def _back(day: date) -> date:
    """Return the first day whose papers may be news on that day, within what a calendar holds."""
    return day - min(LONGEST_LOOK_BACK, day - date.min)


def _summary(days: Sequence[ReplayedDay]) -> str:
    sums = totals(days)
    came = f"{counted(sums.came, 'paper')} came, {sums.would_come:,} would have"
    return f"{counted(sums.days, 'day')}: {came}; {sums.gained:,} gained, {sums.lost:,} lost"


def _day(day: ReplayedDay, papers: Mapping[PaperId, Paper]) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "status": day.status.value if day.status else None,
        "came": list(day.came),
        "would_come": [pick.paper.id for pick in day.would_come],
        "gained": [_gain(pick) for pick in day.gained],
        "lost": [
            {
                "paper": loss.paper,
                "title": _title(loss.paper, papers),
                "relevance": loss.relevance,
                "reason": loss.reason,
            }
            for loss in day.lost
        ],
        "moved": [
            {
                "paper": move.paper,
                "title": _title(move.paper, papers),
                "came": move.came.isoformat(),
                "would_come": move.would_come.isoformat(),
            }
            for move in day.moved
        ],
        "silence": day.silence,
    }


def _gain(pick: Pick) -> dict[str, object]:
    matched = [
        {"term": match.term, "where": list(match.where), "weight": match.weight} for match in pick.matched
    ]
    return {
        "paper": pick.paper.id,
        "title": pick.paper.title,
        "section": pick.section.value,
        "relevance": pick.relevance,
        "matched": matched,
        "reasons": list(pick.reasons),
    }


def _title(paper: PaperId, papers: Mapping[PaperId, Paper]) -> str:
    return papers[paper].title if paper in papers else ""


def _tell_day(day: ReplayedDay, papers: Mapping[PaperId, Paper]) -> None:
    would = str(len(day.would_come)) if day.would_come else "none"
    silent = f" ({day.silence})" if day.silence else ""
    came = counted(len(day.came), "paper")
    frame.tell(f"\n{long_day(day.day)}: {came} came, {would} would have{silent}")
    for sign, score, named, why in _lines(day, papers):
        frame.tell(f"{sign}  {score:>4}  {named}", hanging=_MARGIN)
        if why:
            frame.tell(f"{' ' * _MARGIN}{why}", hanging=_MARGIN)


_MARGIN = 9  # of what is said of a paper, behind the sign and the relevance


def _lines(day: ReplayedDay, papers: Mapping[PaperId, Paper]) -> Iterator[tuple[str, str, str, str]]:
    """Yield a sign, a relevance, a name and why, for each paper that is not as it was, and for the rest."""

    def named(paper: PaperId) -> str:
        return f"{_title(paper, papers)}  ({paper})"

    for pick in day.gained:
        yield "+", frame.score(pick.relevance), named(pick.paper.id), "; ".join(pick.reasons)
    for move in day.moved:
        here = day.day == move.would_come
        words = (
            f"came on {full_day(move.came)}" if here else f"would have come on {full_day(move.would_come)}"
        )
        yield "~", "", named(move.paper), words
    for loss in day.lost:
        yield "-", frame.score(loss.relevance or 0), named(loss.paper), loss.reason
    if same := len({pick.paper.id for pick in day.would_come}.intersection(day.came)):
        yield "=", "", counted(same, "paper"), ""
