"""subscribers: who reads, what holds for them now, and who is sent mail again."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption, Format, FormatOption, JsonOption
from paperround.cli.preferences import chosen, lasting_words
from paperround.config.writing import day_names
from paperround.languages import ENGLISH
from paperround.phrases import full_day, long_day
from paperround.ports import Cause, Suppression
from paperround.preferences import Overlay, Rhythm, overlaid
from paperround.settings import Settings
from paperround.standing import Standing, State, gone, standings
from paperround.store import Store, open_store
from paperround.subscribers import Subscriber
from paperround.web.choices import how_often

subscribers = typer.Typer(
    help="See who reads and what holds for them; add, pause and remove; send mail again to who got none.",
    no_args_is_help=True,
)
frame.app.add_typer(subscribers, name="subscribers")


@subscribers.command("list")
def list_subscribers(
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Show everybody in the config, and who gets nothing though the config names them no more."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        readers = everybody(settings, store, now=utc_now())
        overlays = {address.lower(): overlay for address, overlay in chosen(store).items()}
    if frame.wants_json(form, json_flag=json):
        frame.answer([_entry(each, overlays.get(each.address.lower())) for each in readers])
        return
    if not readers:
        frame.tell("Nobody subscribes yet; see subscribers.yaml.")
    for each in readers:
        words = [*_words(each), *_choices(overlays.get(each.address.lower()))]
        frame.tell(f"{each.address}: {'; '.join(words)}", hanging=4)


@subscribers.command()
def readmit(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    at_their_request: Annotated[
        bool, typer.Option("--at-their-request", help="They asked for it, having left or complained.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send mail again to somebody whose mail came back; or, if they ask for it, to somebody who left."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        suppressions = store.ledger.suppressions()
        addresses = store.ledger.addresses(suppressions.keys())
        found = [each for each, known in addresses.items() if known.lower() == address.lower()]
        if not found:
            frame.wrong_call(
                f"nothing keeps mail from {address}; `paperround subscribers list` shows from whom"
            )
        if _is_wish(suppression := suppressions[found[0]]) and not at_their_request:
            frame.wrong_call(f"{address} {'; '.join(readmission(address, suppression))}")
        store.ledger.readmit(found[0])
    known_here = {each.address.lower() for each in settings.subscribers}
    missing = "" if address.lower() in known_here else ", once subscribers.yaml names them again"
    frame.tell(f"{address} is sent mail from the next digest on{missing}.")


def readmission(address: str, suppression: Suppression) -> tuple[str, str]:
    """Return that and why an address gets nothing, and what to do about it."""
    when = "if they ask for mail again" if _is_wish(suppression) else "when it takes mail again"
    return f"gets nothing: {suppression.reason}", f"{when}: {_mend(address, suppression)}"


def everybody(settings: Settings, store: Store, *, now: datetime) -> Sequence[Standing]:
    """Return how those in the config stand, in its order, and then who left it and gets nothing."""
    current = overlaid(settings.subscribers, store.preferences.overlays())
    ids = store.ledger.enrol([each.address for each in current], now=now)
    suppressions = store.ledger.suppressions()
    others = store.ledger.addresses(suppressions.keys() - ids.values())
    return (*standings(current, ids, suppressions, now=now), *gone(others, suppressions))


def _words(standing: Standing) -> Iterator[str]:
    if standing.suppression is not None:
        yield from readmission(standing.address, standing.suppression)
        if standing.subscriber is None:
            yield "not in subscribers.yaml, and stays out of the mail if added again"
    elif standing.subscriber is not None:
        yield pause_of(standing.state, standing.subscriber) or f"gets mail {_rhythm(standing.subscriber)}"
        if standing.next_day is not None:
            yield f"next on {long_day(standing.next_day)}"


def _choices(overlay: Overlay | None) -> Iterator[str]:
    """Yield what a reader chose beside a pause, and since when that is so."""
    if overlay is not None and overlay.lasting:
        since = full_day(overlay.chosen_at.date())
        yield f"by their own choice of {since}: {', '.join(lasting_words(overlay))}"


def pause_of(state: State, subscriber: Subscriber) -> str:
    """Return in words that somebody is paused, and by whom; nothing where nobody did."""
    if state is State.PAUSED:
        return "paused in subscribers.yaml"
    if state is State.PAUSED_BY_READER:
        until = subscriber.pause.until if subscriber.pause else None
        return f"paused by the reader until {full_day(until) if until else 'further notice'}"
    return ""


def _rhythm(subscriber: Subscriber) -> str:
    return how_often(Rhythm(cadence=subscriber.cadence, days=subscriber.days), ENGLISH)


def _is_wish(suppression: Suppression) -> bool:
    return suppression.cause is not Cause.BOUNCED


def _mend(address: str, suppression: Suppression) -> str:
    option = " --at-their-request" if _is_wish(suppression) else ""
    return f"`paperround subscribers readmit {address}{option}`"


def _entry(standing: Standing, overlay: Overlay | None) -> dict[str, object]:
    reader, suppression = standing.subscriber, standing.suppression
    pause = reader.pause if reader and standing.state is State.PAUSED_BY_READER else None
    return {
        "subscriber": standing.address,
        "in_config": reader is not None,
        "state": standing.state.value,
        "reason": suppression.reason if suppression else "",
        "since": suppression.since.isoformat() if suppression else None,
        "paused_until": pause.until.isoformat() if pause and pause.until else None,
        "cadence": reader.cadence.value if reader else None,
        "days": day_names(reader.days) if reader else None,
        "deliver_at": f"{reader.deliver_at:%H:%M}" if reader else None,
        "timezone": reader.timezone.key if reader else None,
        "max_papers": reader.max_papers if reader else None,
        "chosen": [*lasting_words(overlay)] if overlay else [],
        "chosen_at": overlay.chosen_at.isoformat() if overlay else None,
        "next_day": standing.next_day.isoformat() if standing.next_day else None,
    }
