"""preferences: what readers chose for themselves on their page."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from typing import Annotated

import typer

from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption, Format, FormatOption, JsonOption
from paperround.config.writing import LISTS, day_names, written
from paperround.languages import ENGLISH
from paperround.phrases import counted, full_day
from paperround.preferences import Overlay
from paperround.store import Store, open_store
from paperround.web.choices import how_often

preferences = typer.Typer(
    help="See, drop, and write into subscribers.yaml what readers chose for themselves.",
    no_args_is_help=True,
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
        overlays = chosen(store)
    if frame.wants_json(form, json_flag=json):
        frame.answer([_choice(address, overlay) for address, overlay in overlays.items()])
        return
    if not overlays:
        frame.tell("Nobody chose anything: all read as subscribers.yaml says.")
        return
    for address, overlay in overlays.items():
        words = "; ".join(in_words(overlay, utc_now().date()))
        frame.tell(f"{address}: {words} (chosen on {full_day(overlay.chosen_at.date())})", hanging=4)


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


def chosen(store: Store) -> Mapping[str, Overlay]:
    """Return what was chosen, by the address of whoever chose anything."""
    return {address: each for address, each in store.preferences.overlays().items() if each.any}


def _choice(address: str, overlay: Overlay) -> dict[str, object]:
    pause, rhythm, hour = overlay.pause, overlay.rhythm, overlay.hour
    said = written(overlay)
    return {
        "subscriber": address,
        "paused": pause is not None,
        "paused_until": pause.until.isoformat() if pause and pause.until else None,
        "cadence": rhythm.cadence.value if rhythm else None,
        "days": day_names(rhythm.days) if rhythm else None,
        "deliver_at": f"{hour.at:%H:%M}" if hour else None,
        "timezone": hour.timezone.key if hour else None,
        "max_papers": overlay.max_papers,
        **{name: said.get(name) for name in LISTS},
        "chosen_at": overlay.chosen_at.isoformat(),
    }


def in_words(overlay: Overlay, today: date) -> Iterator[str]:
    """Yield what was chosen, one thing after the other."""
    if overlay.pause is not None:
        until = full_day(overlay.pause.until) if overlay.pause.until else "further notice"
        over = "" if overlay.pause.holds(today) else ", which is over"
        yield f"paused until {until}{over}"
    yield from lasting_words(overlay)


def lasting_words(overlay: Overlay) -> Iterator[str]:
    """Yield what was chosen but for a pause."""
    if overlay.rhythm is not None:
        yield how_often(overlay.rhythm, ENGLISH)
    if overlay.hour is not None:
        yield f"at {overlay.hour.at:%H:%M} in {overlay.hour.timezone.key}"
    if overlay.max_papers is not None:
        yield f"at most {counted(overlay.max_papers, 'paper')}"
    for name in LISTS if overlay.topics else ():
        entries = getattr(overlay.topics, name)
        if entries is not None:
            told = [each if isinstance(each, str) else each.text for each in entries]
            yield f"{name}: {', '.join(told) or 'none'}"
