"""What a reader can choose on their page: how it is shown there, and how it comes back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from paperround.phrases import full_day, long_day
from paperround.preferences import (
    LONGEST_PAUSE,
    Change,
    Overlay,
    PauseChange,
    Rhythm,
    RhythmChange,
    weekday_name,
)
from paperround.subscribers import WEEKDAYS, Cadence, Pause, Subscriber

WEEKS = (1, 2, 4)  # for which a pause is offered

_ON_WEEKDAYS = Rhythm(days=WEEKDAYS)
_WEEKDAYS_BY_NUMBER = {str(number): number for number in range(7)}


class NoSuchDay(Exception):  # noqa: N818 - an answer to whoever typed it
    """The day on which a pause is to end is none that can be chosen; the message says which can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several things that can be chosen; `value` is what the form sends."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the page shows; `first` and `last` bound the day on which a pause may end.

    `resting` says that the reader chose a pause which goes on; `mistake` is about that day.
    """

    title: str
    state: tuple[str, ...]
    resting: bool
    pauses: tuple[Option, ...]
    first: date
    last: date
    mistake: str
    rhythms: tuple[Option, ...]
    weekdays: tuple[Option, ...]


def asked_for(form: Mapping[str, str], today: date) -> Change | None:
    """Return what a form asks for, or None where it is none of ours; raise NoSuchDay."""
    match form.get("change"):
        case "pause":
            return _pause_asked_for(form, today)
        case "resume":
            return PauseChange(pause=None)
        case "rhythm":
            return _rhythm_asked_for(form)
        case _:
            return None


def choices(
    arranged: Subscriber,
    overlay: Overlay | None,
    today: date,
    *,
    title: str,
    mistake: str = "",
) -> Choices:
    """Return what the page offers to a reader of whom the config says `arranged`."""
    pause = overlay.pause if overlay and overlay.pause and overlay.pause.holds(today) else None
    chosen = overlay.rhythm if overlay else None
    by_config = Rhythm(cadence=arranged.cadence, days=arranged.days)
    rhythm = chosen or by_config
    return Choices(
        title=title,
        state=tuple(_state(arranged, pause, rhythm)),
        resting=pause is not None,
        pauses=tuple(_pauses(today, by_day=bool(mistake))),
        first=_first(today),
        last=_last(today),
        mistake=mistake,
        rhythms=tuple(_rhythms(by_config, chosen)),
        weekdays=tuple(_weekdays(rhythm)),
    )


def _pause_asked_for(form: Mapping[str, str], today: date) -> Change | None:
    length = form.get("pause", "")
    if length == "open":
        return PauseChange(pause=Pause())
    if length == "day":
        return PauseChange(pause=Pause(until=_day(form.get("until", ""), today)))
    if length in map(str, WEEKS):
        return PauseChange(pause=Pause(until=today + timedelta(weeks=int(length))))
    return None


def _day(written: str, today: date) -> date:
    first, last = _first(today), _last(today)
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is None or not first <= day <= last:
        raise NoSuchDay(f"Choose a day from {full_day(first)} to {full_day(last)}.")
    return day


def _rhythm_asked_for(form: Mapping[str, str]) -> Change | None:
    weekday = _WEEKDAYS_BY_NUMBER.get(form.get("weekday", ""))
    match form.get("often"):
        case "arranged":
            return RhythmChange(rhythm=None)
        case "weekdays":
            return RhythmChange(rhythm=_ON_WEEKDAYS)
        case "weekly" if weekday is not None:
            return RhythmChange(rhythm=Rhythm(cadence=Cadence.WEEKLY, days=frozenset({weekday})))
        case _:
            return None


def _state(arranged: Subscriber, pause: Pause | None, rhythm: Rhythm) -> Iterator[str]:
    if arranged.paused:
        yield "No emails come: whoever sends them has paused them."
    if pause is None:
        yield f"{'Otherwise emails' if arranged.paused else 'Emails'} come {rhythm}."
        return
    yield f"You paused the emails until {long_day(pause.until) if pause.until else 'you resume them'}."
    yield f"After that they come {rhythm}."


def _pauses(today: date, *, by_day: bool) -> Iterator[Option]:
    for weeks in WEEKS:
        until = long_day(today + timedelta(weeks=weeks))
        label = f"For {weeks} week{'s' if weeks > 1 else ''}, until {until}"
        yield Option(value=str(weeks), label=label, chosen=weeks == WEEKS[0] and not by_day)
    yield Option(value="open", label="Until I resume the emails", chosen=False)
    yield Option(value="day", label="Until a day of my choice", chosen=by_day)


def _rhythms(by_config: Rhythm, chosen: Rhythm | None) -> Iterator[Option]:
    yield Option(value="arranged", label=f"As it was set up: {by_config}", chosen=chosen is None)
    if chosen == _ON_WEEKDAYS or by_config != _ON_WEEKDAYS:
        yield Option(value="weekdays", label=_sentence(_ON_WEEKDAYS), chosen=chosen == _ON_WEEKDAYS)
    weekly = chosen is not None and chosen.cadence is Cadence.WEEKLY
    yield Option(value="weekly", label="Once a week", chosen=weekly)


def _weekdays(rhythm: Rhythm) -> Iterator[Option]:
    for value, number in _WEEKDAYS_BY_NUMBER.items():
        yield Option(value=value, label=weekday_name(number), chosen=number == min(rhythm.days))


def _sentence(rhythm: Rhythm) -> str:
    words = str(rhythm)
    return f"{words[:1].upper()}{words[1:]}"


def _first(today: date) -> date:
    return today + timedelta(days=1)


def _last(today: date) -> date:
    return today + LONGEST_PAUSE
