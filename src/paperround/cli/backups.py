"""backup and restore: a copy of the store, and the way back to it."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from paperround.app import beside_store, roll_of, utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption, Format, FormatOption, JsonOption, app
from paperround.phrases import counted, full_day
from paperround.restoring import Restored
from paperround.restoring import restore as put_back
from paperround.store import Contents, open_store


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Write a copy of the store, whole, consistent and verified, while others may be working with it."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        contents = store.backup(file)
    if frame.wants_json(form, json_flag=json):
        frame.answer({"file": str(file), **_entry(contents)})
    else:
        frame.tell(f"Wrote {file}: {_told(contents)}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    hold: Annotated[
        bool,
        typer.Option(
            "--hold/--go-on",
            help="Send nothing that may have been sent since; or go on as if nothing was.",
        ),
    ] = True,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Put a backup in the place of the store, which is kept; nothing else may run meanwhile."""
    settings = frame.settings_of(config)
    if not settings.store.startswith("sqlite"):
        frame.wrong_call("the store is on a server, whose backups are put back by pg_restore")
    restored = put_back(
        file,
        beside_store(settings, ""),
        lambda store: roll_of(settings, store).everybody(),
        workers=beside_store(settings, ".workers"),
        catch_up=settings.catch_up,
        hold=hold,
        now=utc_now(),
    )
    if frame.wants_json(form, json_flag=json):
        frame.answer(_answer(restored))
    else:
        _tell(restored, file, hold=hold)


def _tell(restored: Restored, file: Path, *, hold: bool) -> None:
    contents, aside = restored.contents, restored.aside
    frame.tell(f"Restored {file}: {_told(contents)}.")
    if aside is not None:
        frame.tell(f"The store that was there is kept as {aside}.")
    frame.tell("What was sent since the backup was made is not known.")
    if hold:
        frame.tell(f"Held for you: {counted(restored.held, 'letter')} that it had still to send.")
        if restored.held:
            frame.tell("  `paperround log --status unknown` shows them; settle each with `resolve`")
        frame.tell(
            f"No digest goes out for {_days(restored)}; the next one brings what came then, "
            "and papers of a digest that did go out a second time."
        )
    else:
        frame.tell(
            f"Up to {counted(contents.waiting, 'letter')} may come twice, and so may every digest "
            f"for {_days(restored)}."
        )
    if restored.left is None:
        frame.tell("Who left since the backup was made is not known either; they may be written to again.")


def _days(restored: Restored) -> str:
    since, until = full_day(restored.since), full_day(restored.until)
    return since if since == until else f"the days from {since} to {until}"


def _told(contents: Contents) -> str:
    written = contents.written_at
    until = f", written last on {full_day(written)}, {written:%H:%M} UTC" if written else ""
    return (
        f"{contents.size / 1_000_000:.1f} MB, revision {contents.revision}{until}; "
        f"{counted(contents.papers, 'paper')}, {counted(contents.subscribers, 'subscriber')}, "
        f"{counted(contents.deliveries, 'row')} in the ledger, {counted(contents.waiting, 'letter')} waiting"
    )


def _entry(contents: Contents) -> dict[str, object]:
    return {
        "size": contents.size,
        "revision": contents.revision,
        "written_at": contents.written_at.isoformat() if contents.written_at else None,
        "papers": contents.papers,
        "subscribers": contents.subscribers,
        "deliveries": contents.deliveries,
        "waiting": contents.waiting,
    }


def _answer(restored: Restored) -> dict[str, object]:
    return {
        **_entry(restored.contents),
        "kept": str(restored.aside) if restored.aside else None,
        "held": restored.held,
        "silences": restored.silences,
        "since": restored.since.isoformat(),
        "until": restored.until.isoformat(),
        "left": restored.left,
    }
