"""preferences export: what readers chose, written into subscribers.yaml."""

import difflib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from paperround.cli import frame
from paperround.cli.editing import after_edit
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption
from paperround.cli.preferences import lasting_words, preferences
from paperround.config import Loaded
from paperround.config.replacing import Edit, found
from paperround.config.writing import exported
from paperround.preferences import Overlay
from paperround.store import open_store


@preferences.command()
def export(
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="All who chose, if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes, and change nothing.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write what readers chose into subscribers.yaml, where it can be edited; pauses stay as they are."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        chosen = _chosen(store.preferences.overlays(), address)
        for reader, overlay in chosen.items():
            if found(settings, reader) is None:
                frame.say(f"warning: {reader} is not in subscribers.yaml: what they chose stays in the store")
                continue
            after = _export(config, reader, overlay, dry_run=dry_run)
            if dry_run:
                continue
            # Where this is never reached, what was chosen lies over a file that says the same.
            if not store.preferences.settle(reader, chosen_at=overlay.chosen_at):
                frame.say(f"warning: {reader} chose anew meanwhile, and that holds; export it once more")
            frame.tell(f"{reader}: {'; '.join(lasting_words(overlay))}; that is in {after.readers.file} now")


def _chosen(overlays: Mapping[str, Overlay], address: str | None) -> Mapping[str, Overlay]:
    """Return what is to be written, or end the command where there is nothing."""
    chosen = {
        reader: overlay
        for reader, overlay in overlays.items()
        if overlay.lasting and (address is None or reader.lower() == address.lower())
    }
    if not chosen and address is not None:
        frame.wrong_call(f"{address} chose nothing that could stand in subscribers.yaml")
    if not chosen:
        frame.tell("Nobody chose anything that could stand in subscribers.yaml.")
    return chosen


def _export(config: Path, address: str, overlay: Overlay, *, dry_run: bool) -> Loaded:
    def edit(now: Loaded, text: str) -> Edit:
        (before,) = frame.chosen(now.settings.subscribers, address)
        made = exported(now, text, before, overlay)
        if dry_run:
            file = str(now.readers.file)
            lines = difflib.unified_diff(
                text.splitlines(), made.text.splitlines(), file, file, n=1, lineterm=""
            )
            frame.tell("\n".join(lines))
        return made

    return after_edit(config, edit, rehearsal=dry_run)
