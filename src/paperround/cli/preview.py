"""preview: the mail as its readers will see it, on a local page or as files."""

import asyncio
import os
import signal
import socket
from datetime import date as Day  # noqa: N812 - `date` is what the option is called
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from paperround.app import letters, utc_now
from paperround.bodies import octets
from paperround.cli import frame
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    LatestDateOption,
    app,
)
from paperround.config import load
from paperround.desk import Desk
from paperround.phrases import full_day
from paperround.previewing import Press, proof_of, serve
from paperround.rendering import LARGEST_HTML, findings
from paperround.web.preview import Proof

_LOOPBACK = "127.0.0.1"  # and nowhere else: a proof holds addresses, and links that unsubscribe


@app.command()
def preview(
    address: Annotated[str | None, typer.Argument(metavar="[ADDRESS]")] = None,
    date: LatestDateOption = None,
    folder: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Write an HTML and a text file instead.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the page is served; any free port if left out.")
    ] = 0,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show the digest that somebody would get on a local page that follows each change; nothing is sent."""
    day = frame.day_of(date, []) if date else None
    if frame.wants_json(form, json_flag=json):
        if folder is not None or port or show:
            frame.wrong_call("--json goes with neither --into nor --port nor --open")
        frame.answer(_data(_proof(config, address, day)))
    elif folder is None:
        asyncio.run(_serve(config, address, day, port=port, show=show))
    else:
        page = _write(_proof(config, address, day), folder)
        if show:
            typer.launch(str(page.resolve()))


async def _serve(config: Path, address: str | None, day: Day | None, *, port: int, show: bool) -> None:
    press = Press(config, partial(load, config, os.environ), now=utc_now)
    await press.reload()
    for trouble in press.troubles:
        frame.say(trouble)
    if press.subscribers and address:
        (subscriber,) = frame.chosen(press.subscribers, address)
        address = subscriber.address
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    with _listening(port) as listening:
        asked = urlencode({name: value for name, value in (("to", address), ("day", day)) if value})
        link = f"http://{_LOOPBACK}:{listening.getsockname()[1]}/{'?' if asked else ''}{asked}"
        frame.tell(f"Preview: {link}")
        frame.say("It follows the config and the templates as they change; Ctrl-C ends it.")
        if show:
            typer.launch(link)
        await serve(press, listening, stop=stop)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        frame.say(f"paperround: cannot listen at {_LOOPBACK}:{port}: {why}; name another --port")
        raise typer.Exit(FAILED) from error


def _proof(config: Path, address: str | None, asked: Day | None) -> Proof:
    settings = frame.settings_of(config)

    async def work(desk: Desk) -> Proof | None:
        subscribers = frame.chosen(desk.subscribers, address)
        if not subscribers:
            frame.wrong_call("nobody subscribes; add somebody to subscribers.yaml")
        day = asked or desk.library.latest_day()
        if day is None or not desk.library.batches([day]):
            return None
        (subscriber,) = desk.current(subscribers[:1])
        ids = desk.ledger.enrol([subscriber.address], now=desk.now())
        return proof_of(
            subscriber,
            day,
            number=ids[subscriber.address],
            library=desk.library,
            ledger=desk.ledger,
            letters=letters(settings, desk.ledger),  # what is wrong with a template is to be seen
            embedder=desk.embedder,
        )

    proof = frame.at_desk(settings, work)
    if proof is None:
        day_option = f" --date {asked}" if asked else ""
        frame.say(f"paperround: nothing was fetched for that day; run `paperround fetch{day_option}` first")
        raise typer.Exit(FAILED)
    return proof


def _write(proof: Proof, folder: Path) -> Path:
    if proof.silence:
        day = full_day(proof.day)
        frame.say(f"paperround: no mail would go to {proof.address} for {day}: {proof.silence}")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{proof.day}-{proof.address}.html"
    page.write_text(proof.rendered.html, encoding="utf-8")
    page.with_suffix(".txt").write_text(proof.rendered.text, encoding="utf-8")
    frame.tell(f"Subject: {proof.rendered.subject}")
    frame.tell(f"HTML:    {page.resolve().as_uri()}")
    frame.tell(f"Text:    {page.with_suffix('.txt').resolve().as_uri()}")
    return page


def _data(proof: Proof) -> dict[str, object]:
    return {
        "day": str(proof.day),
        "subscriber": proof.address,
        "reason": proof.silence,
        "subject": proof.rendered.subject,
        "bytes": octets(proof.rendered.html),
        "largest": LARGEST_HTML,
        "findings": findings(proof.rendered),
        "papers": proof.papers,
    }
