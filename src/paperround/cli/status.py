"""status: how it stands, on a terminal, for scripts, or by a link for a browser elsewhere."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import httpx
import typer

from paperround import website
from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.alarms import LATE
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    app,
)
from paperround.desk import Desk
from paperround.overview import DayOfMail, Overview, briefly, near_day
from paperround.phrases import full_day
from paperround.ports import Status
from paperround.settings import Settings, WebSettings
from paperround.store import Store, open_store
from paperround.tokens import status_token
from paperround.web import Health

LIFE_OF_A_LINK = timedelta(days=30)
PATIENCE = 4  # seconds for the service
MOST_DAYS = 7  # on a terminal


@app.command()
def status(
    link: Annotated[
        bool, typer.Option("--link", help="Only write a link to the page of it, good for thirty days.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Show how it stands: rounds, sources, deliveries, and what waits for you."""
    settings = frame.settings_of(config)
    health = Health() if link else _health(settings.web)
    with closing(open_store(settings.store)) as store:

        async def work(desk: Desk) -> tuple[Overview, str]:
            url = _link(settings, desk) if link else ""
            return website.overview(desk, store.figures, _with_absence(health, store)), url

        overview, url = frame.at_desk(settings, work, store=store)
    if link:
        frame.out.print(url, markup=False, soft_wrap=True)
        return
    if frame.wants_json(form, json_flag=json):
        frame.answer(overview.entry())
    else:
        _tell(overview)
    if overview.problems:
        raise typer.Exit(FAILED)


def _link(settings: Settings, desk: Desk) -> str:
    token = status_token(desk.letters.secret, desk.now().date() + LIFE_OF_A_LINK)
    return f"{settings.public_url or frame.own_url(settings.web)}/status/{token}"


def _health(web: WebSettings) -> Health:
    """Return what the running service says of itself, which may be that there is none."""
    url = frame.own_url(web)
    try:
        told = httpx.get(f"{url}/healthz", timeout=PATIENCE, trust_env=False).json()
    except httpx.HTTPError:
        return Health(notes=(f"No service answers at {url}",))
    except ValueError:
        return Health(notes=(f"What answers at {url} is not paperround",))
    if not isinstance(told, dict):
        return Health(notes=(f"What answers at {url} is not paperround",))
    return Health(
        problems=tuple(map(str, told.get("problems", ()))), notes=tuple(map(str, told.get("notes", ())))
    )


def _with_absence(health: Health, store: Store) -> Health:
    """Say it where a service worked on this store and no longer does: its days get no letters."""
    looked_at = store.alarms.looked_at()
    if health.problems or looked_at is None or utc_now() - looked_at <= LATE:
        return health
    gone = f"The service has not worked since {looked_at:%Y-%m-%d %H:%M} UTC: start `paperround serve`"
    return replace(health, problems=(*health.problems, gone))


def _tell(overview: Overview) -> None:
    frame.tell(
        f"{overview.title}. paperround {overview.version}, {full_day(overview.at.date())}, "
        f"{overview.at:%H:%M} UTC"
    )
    for problem in overview.problems:
        frame.tell(f"  {problem}", hanging=4)
    said = (*overview.waiting, *overview.notes)
    if said:
        frame.tell("\nMeanwhile")
        for sentence in said:
            frame.tell(f"  {sentence}", hanging=4)
    newest = overview.mail[:MOST_DAYS]
    if newest:
        frame.tell()
        _tell_columns([_DAY_HEADINGS, *(_day(each, overview.papers.get(each.day, 0)) for each in newest)])
    for each in overview.sources:
        frame.tell(f"\n{each.source}")
        for day in overview.source_days:
            if (batch := each.batches.get(day)) is not None:
                reason = f": {batch.reason}" if batch.reason else ""
                frame.tell(f"  {near_day(day):<10}  {briefly(batch)}{reason}", hanging=14)
    if overview.totals:
        frame.tell("\nAll in all")
        _tell_columns([(f"  {name}", f"{count:,}") for name, count in overview.totals])


_DAY_HEADINGS = ("day", "readers", "letters", "sent", "waiting", "unknown", "failed", "quiet", "papers")


def _day(mail: DayOfMail, papers: int) -> tuple[str, ...]:
    counts = (
        *(mail.readers, mail.planned, mail.of(Status.SENT), mail.waiting, mail.of(Status.UNKNOWN)),
        *(mail.of(Status.FAILED), mail.of(Status.QUIET), papers),
    )
    return (near_day(mail.day), *(f"{count:,}" if count else "–" for count in counts))


def _tell_columns(rows: Sequence[Sequence[str]]) -> None:
    """Write rows in columns, all but the first of them right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]
        frame.tell("  ".join(cells))
