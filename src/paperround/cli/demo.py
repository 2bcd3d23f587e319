"""demo: the whole round, without network or accounts."""

import asyncio
import email
import email.policy
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer

from paperround import installed
from paperround.app import open_desk
from paperround.cli import frame
from paperround.cli.frame import FAILED, app
from paperround.cli.rounds import tell_batches
from paperround.delivery.catcher import Catcher
from paperround.papers import PaperId
from paperround.phrases import counted, full_day
from paperround.pipeline import Round, run
from paperround.ports import DeliveryRecord, Status
from paperround.settings import RelaySettings, Settings, Tls

DAY = date(2026, 6, 16)  # the day of the sample papers

_MARK = ".paperround-demo"  # only a folder that bears it is emptied


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it all goes; made anew each time.")
    ] = Path("var/demo"),
) -> None:
    """Show the whole round: sample papers, three sample readers, and a mail server on this machine."""
    config = _prepared(folder)
    shown = asyncio.run(_perform(frame.settings_of(config), folder / "mail"))
    frame.tell(f"The papers of {full_day(DAY)}, for three readers.\n")
    tell_batches(shown.first.batches)
    for row in shown.rows:
        _tell_delivery(row, shown)
    again = "nothing was sent" if shown.second.attempts == 0 else "SOMETHING WAS SENT TWICE"
    frame.tell(f"\nThe same round was then run again: {again}.")
    frame.tell(
        f"The emails lie in {folder / 'mail'}/, each as it came over SMTP (.eml) and as a page (.html)."
    )
    frame.tell("\nAsk the ledger:")
    program = "paperround" if shutil.which("paperround") else sys.argv[0]
    frame.tell(f"  {program} log --config {config}")
    frame.tell(f"  {program} why {shown.rows[0].subscriber} --config {config}")
    if shown.first.tally.get(Status.SENT) != len(shown.rows) or shown.second.attempts:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the demo did."""

    first: Round
    second: Round
    rows: tuple[DeliveryRecord, ...]
    titles: dict[PaperId, str]
    pages: dict[str, Path]  # by the address of the reader


def _prepared(folder: Path) -> Path:
    """Return the config of a demo that nothing has happened in yet."""
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        frame.wrong_call(f"{folder} is no folder of an earlier demo; name one that is empty or not there")
    shutil.rmtree(folder, ignore_errors=True)
    config = folder / "config"
    config.mkdir(parents=True)
    (folder / _MARK).touch()
    for file in installed.sample().iterdir():
        shutil.copyfile(file, config / file.name)
    # So that `paperround log --config` finds this store from wherever it is called.
    with (config / "paperround.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"store: sqlite:///{(folder / 'paperround.db').resolve()}\n")
        settings.write(f"outbox: {(folder / 'outbox').resolve()}\n")
    return config


async def _perform(settings: Settings, mail: Path) -> _Shown:
    async with Catcher(mail) as catcher:
        relay = RelaySettings(host=catcher.host, port=catcher.port, tls=Tls.NONE, connections=2)
        async with open_desk(replace(settings, relay=relay)) as desk:
            first = await run(DAY, settings.subscribers, desk, max_age=timedelta(0))
            second = await run(DAY, settings.subscribers, desk, max_age=timedelta(0))
            rows = desk.ledger.rows(day=DAY)
            papers = {pick.paper: desk.library.paper(pick.paper) for row in rows for pick in row.picks}
        pages = {caught.recipient: _page(caught.path) for caught in catcher.received}
    titles = {identity: paper.title for identity, paper in papers.items() if paper}
    return _Shown(first=first, second=second, rows=rows, titles=titles, pages=pages)


def _page(path: Path) -> Path:
    """Write the HTML part of a message beside it, as a page that a browser opens."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    body = message.get_body(("html",))
    page = path.with_suffix(".html")
    page.write_text(body.get_content() if body else "", encoding="utf-8")
    return page


def _tell_delivery(row: DeliveryRecord, shown: _Shown) -> None:
    frame.tell(
        f"\n{row.subscriber}: {row.status.value}, {counted(len(row.picks), 'paper')} of {row.considered}"
    )
    for pick in row.picks:
        frame.tell(f"  {frame.score(pick.relevance)}  {shown.titles.get(pick.paper, pick.paper)}")
        frame.tell(f"        {'; '.join(pick.reasons)}")
    if row.subscriber in shown.pages:
        frame.tell(f"  {shown.pages[row.subscriber].resolve().as_uri()}")
