"""The hour at which a reader wants their emails, and on whose clock: how it is shown and comes back."""

import unicodedata
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from paperround.languages import N_, Wording
from paperround.preferences import Hour, HourChange
from paperround.subscribers import Subscriber
from paperround.web.options import Option

_HALF_HOURS = tuple(time(hour, minute) for hour in range(24) for minute in (0, 30))

_REGIONS = {
    "Africa": N_("Africa"),
    "America": N_("America"),
    "Antarctica": N_("Antarctica"),
    "Asia": N_("Asia"),
    "Atlantic": N_("Atlantic"),
    "Australia": N_("Australia"),
    "Europe": N_("Europe"),
    "Indian": N_("Indian Ocean"),
    "Pacific": N_("Pacific"),
}
_UTC = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Time zones of one part of the world; where `label` is empty, they are named before all parts."""

    label: str
    zones: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What the page offers: as it was set up or else, and the times and zones of the latter."""

    ways: tuple[Option, ...]
    times: tuple[Option, ...]
    regions: tuple[Region, ...]


def hours(arranged: Subscriber, chosen: Hour | None, wording: Wording) -> Hours:
    """Return what is offered to a reader of whom the config says `arranged`."""
    by_config = Hour(at=arranged.deliver_at, timezone=arranged.timezone)
    now = chosen or by_config
    as_set_up = wording.gettext("As it was set up: {hour}", hour=in_words(by_config, wording))
    return Hours(
        ways=(
            Option(value="arranged", label=as_set_up, chosen=chosen is None),
            Option(value="own", label=wording.gettext("At a time of my choice"), chosen=chosen is not None),
        ),
        times=tuple(_times(now.at)),
        regions=tuple(_regions(now.timezone, wording)),
    )


def hour_asked_for(form: Mapping[str, str], arranged: Subscriber, overlaid: Hour | None) -> HourChange | None:
    """Return what a form asks for, or None where it is none of ours."""
    now = overlaid or Hour(at=arranged.deliver_at, timezone=arranged.timezone)
    at = {f"{each:%H:%M}": each for each in (*_HALF_HOURS, now.at)}.get(form.get("at", ""))
    zone = form.get("zone", "")
    match form.get("when"):
        case "arranged":
            return HourChange(hour=None)
        case "own" if at is not None and zone in {*_zones(), now.timezone.key}:
            return HourChange(hour=Hour(at=at, timezone=ZoneInfo(zone)))
        case _:
            return None


def in_words(hour: Hour, wording: Wording) -> str:
    """Return an hour as it stands alone, or in a sentence that it ends."""
    # Translators: as in "As it was set up: 07:30 (London time)".
    return wording.gettext("{time} ({city} time)", time=f"{hour.at:%H:%M}", city=wording.city(hour.timezone))


def _times(now: time) -> Iterator[Option]:
    for each in sorted({*_HALF_HOURS, now}):
        label = f"{each:%H:%M}"
        yield Option(value=label, label=label, chosen=each == now)


def _regions(now: ZoneInfo, wording: Wording) -> Iterator[Region]:
    """Yield the zones by region; the one in use is among them whatever it is called."""
    listed = _by_region(wording)
    if now.key not in _zones():
        yield Region(label="", zones=(Option(value=now.key, label=wording.city(now), chosen=True),))
    for label, zones in listed.items():
        yield Region(
            label=label,
            zones=tuple(Option(value=key, label=city, chosen=key == now.key) for key, city in zones),
        )


@cache
def _by_region(wording: Wording) -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    found[""] = [(_UTC, _UTC)]
    for key in sorted(_zones() - {_UTC}):
        found[wording.gettext(_REGIONS[_region(key)])].append((key, wording.city(ZoneInfo(key))))
    return {label: tuple(sorted(zones, key=_alphabetically)) for label, zones in found.items()}


def _alphabetically(zone: tuple[str, str]) -> str:
    return unicodedata.normalize("NFKD", zone[1]).casefold()


@cache
def _zones() -> frozenset[str]:
    """Return the zones that are offered: each under the one name that it goes by today."""
    current = get_global("zone_territories").keys() & zoneinfo.available_timezones()
    return frozenset({_UTC, *(key for key in current if _region(key) in _REGIONS)})


def _region(key: str) -> str:
    # The Arctic has one zone, whose city lies in Europe.
    return key.partition("/")[0].replace("Arctic", "Europe")
