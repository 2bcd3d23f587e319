"""subscribers: who reads, what holds for them now, and who is sent mail again."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from paperround.app import roll_of, utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, ConfigOption, Format, FormatOption, JsonOption
from paperround.cli.preferences import chosen, lasting_words
from paperround.config.writing import day_names
from paperround.languages import ENGLISH
from paperround.phrases import full_day, long_day
from paperround.ports import Cause, Suppression
from paperround.preferences import Overlay, overlaid, rhythm_of
from paperround.settings import Settings
from paperround.standing import Standing, State, gone, standings
from paperround.store import Store, open_store
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
    """Show who is in the config, who subscribed by themselves, and who else gets nothing any more."""
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
        known = {each.address.lower() for each in roll_of(settings, store).everybody()}
    missing = "" if address.lower() in known else ", once subscribers.yaml names them again"
    frame.tell(f"{address} is sent mail from the next digest on{missing}.")


@subscribers.command()
def forget(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Forget all that is stored of somebody who is not in subscribers.yaml: what they asked for and chose."""
    settings = frame.settings_of(config)
    if any(each.address.lower() == address.lower() for each in settings.subscribers):
        frame.wrong_call(f"{address} is in subscribers.yaml; take them out of it first, with `remove`")
    with closing(open_store(settings.store)) as store:
        if not store.members.forget(address, now=utc_now()):
            frame.wrong_call(f"nothing is stored of {address}; `paperround subscribers list` shows of whom")
        kept = store.ledger.addresses(store.ledger.suppressions()).values()
    frame.tell(f"What was stored of {address} is forgotten; the deliveries that were made are nobody's.")
    if address.lower() in (each.lower() for each in kept):
        frame.tell("The address itself is kept, and why it gets nothing: else it could get mail again.")


def readmission(address: str, suppression: Suppression) -> tuple[str, str]:
    """Return that and why an address gets nothing, and what to do about it."""
    when = "if they ask for mail again" if _is_wish(suppression) else "when it takes mail again"
    return f"gets nothing: {suppression.reason}", f"{when}: {_mend(address, suppression)}"


def everybody(settings: Settings, store: Store, *, now: datetime) -> Sequence[Standing]:
    """Return how those in the config stand, in its order, who joined by themselves, and then who left."""
    current = overlaid(roll_of(settings, store).everybody(), store.preferences.overlays())
    ids = store.ledger.enrol([each.address for each in current], now=now)
    suppressions = store.ledger.suppressions()
    others = store.ledger.addresses(suppressions.keys() - ids.values())
    return (*standings(current, ids, suppressions, now=now), *gone(others, suppressions))


def _words(standing: Standing) -> Iterator[str]:
    if standing.joined_at is not None:
        yield f"subscribed by themselves on {full_day(standing.joined_at.date())}"
    if standing.suppression is not None:
        yield from readmission(standing.address, standing.suppression)
        if standing.subscriber is None:
            yield "not in subscribers.yaml, and stays out of the mail if added again"
    elif standing.subscriber is not None:
        yield pause_of(standing) or f"gets mail {how_often(rhythm_of(standing.subscriber), ENGLISH)}"
        if standing.next_day is not None:
            yield f"next on {long_day(standing.next_day)}"
        for away in standing.later:
            yield f"away from {full_day(away.first)} until {full_day(away.until)}"


def _choices(overlay: Overlay | None) -> Iterator[str]:
    """Yield what a reader chose beside a pause, and since when that is so."""
    if overlay is not None and overlay.lasting:
        since = full_day(overlay.chosen_at.date())
        yield f"by their own choice of {since}: {', '.join(lasting_words(overlay))}"


def pause_of(standing: Standing) -> str:
    """Return in words that somebody is paused, and by whom; nothing where nobody did."""
    until = full_day(standing.until) if standing.until else "further notice"
    match standing.state:
        case State.PAUSED:
            return "paused in subscribers.yaml"
        case State.AWAY:
            return f"away until {until}, by subscribers.yaml"
        case State.PAUSED_BY_READER:
            return f"paused by the reader until {until}"
        case _:
            return ""


def _is_wish(suppression: Suppression) -> bool:
    return suppression.cause is not Cause.BOUNCED


def _mend(address: str, suppression: Suppression) -> str:
    option = " --at-their-request" if _is_wish(suppression) else ""
    return f"`paperround subscribers readmit {address}{option}`"


def _entry(standing: Standing, overlay: Overlay | None) -> dict[str, object]:
    reader, suppression = standing.subscriber, standing.suppression
    return {
        "subscriber": standing.address,
        "in_config": reader is not None and standing.joined_at is None,
        "joined_at": standing.joined_at.isoformat() if standing.joined_at else None,
        "state": standing.state.value,
        "reason": suppression.reason if suppression else "",
        "since": suppression.since.isoformat() if suppression else None,
        "paused_until": standing.until.isoformat() if standing.until else None,
        "away": [
            {"from": away.first.isoformat(), "until": away.until.isoformat()}
            for away in (reader.away if reader else ())
        ],
        "cadence": reader.cadence.value if reader else None,
        "every": reader.every.number if reader and reader.every else None,
        "days": day_names(reader.days) if reader else None,
        "deliver_at": f"{reader.deliver_at:%H:%M}" if reader else None,
        "timezone": reader.timezone.key if reader else None,
        "max_papers": reader.max_papers if reader else None,
        "chosen": [*lasting_words(overlay)] if overlay else [],
        "chosen_at": overlay.chosen_at.isoformat() if overlay else None,
        "next_day": standing.next_day.isoformat() if standing.next_day else None,
    }
