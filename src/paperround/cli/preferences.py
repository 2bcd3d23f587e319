"""preferences: what readers chose for themselves on their page."""

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import date
from typing import Annotated

import typer

from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption, Format, FormatOption, JsonOption
from paperround.languages import ENGLISH
from paperround.phrases import full_day
from paperround.preferences import Overlay
from paperround.store import open_store
from paperround.web.choices import how_often

preferences = typer.Typer(
    help="See and drop what readers chose for themselves: pauses, and how often.", no_args_is_help=True
)
frame.app.add_typer(preferences, name="preferences")


@preferences.command("list")
def list_choices(
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Show what readers chose; it holds over what subscribers.yaml says of them."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        overlays = store.preferences.overlays()
    if frame.wants_json(form, json_flag=json):
        frame.answer([_choice(address, overlay) for address, overlay in overlays.items()])
        return
    if not overlays:
        frame.tell("Nobody chose anything: all read as subscribers.yaml says.")
        return
    for address, overlay in overlays.items():
        words = "; ".join(_words(overlay, utc_now().date()))
        frame.tell(f"{address}: {words} (chosen on {full_day(overlay.chosen_at.date())})")


@preferences.command()
def forget(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Drop what somebody chose, so that subscribers.yaml alone says how they read."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        forgotten = store.preferences.forget(address)
    if not forgotten:
        frame.wrong_call(f"{address} chose nothing; `paperround preferences list` shows who did")
    frame.tell(f"What {address} chose is forgotten.")


def day_names(days: Collection[int]) -> list[str]:
    """Return weekdays as subscribers.yaml writes them."""
    return [_DAYS[day] for day in sorted(days)]


def _choice(address: str, overlay: Overlay) -> dict[str, object]:
    pause, rhythm = overlay.pause, overlay.rhythm
    return {
        "subscriber": address,
        "paused": pause is not None,
        "paused_until": pause.until.isoformat() if pause and pause.until else None,
        "cadence": rhythm.cadence.value if rhythm else None,
        "days": day_names(rhythm.days) if rhythm else None,
        "chosen_at": overlay.chosen_at.isoformat(),
    }


def _words(overlay: Overlay, today: date) -> Iterator[str]:
    if overlay.pause is not None:
        until = full_day(overlay.pause.until) if overlay.pause.until else "further notice"
        over = "" if overlay.pause.holds(today) else ", which is over"
        yield f"paused until {until}{over}"
    if overlay.rhythm is not None:
        yield how_often(overlay.rhythm, ENGLISH)


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
