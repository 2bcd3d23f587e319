"""What a reader can choose on their page: how it is shown there, and how it comes back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from paperround.languages import N_, Wording
from paperround.preferences import (
    LONGEST_PAUSE,
    Change,
    Overlay,
    PauseChange,
    Rhythm,
    RhythmChange,
    rhythm_of,
)
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Cadence, Pause, Subscriber

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


def asked_for(form: Mapping[str, str], today: date, wording: Wording) -> Change | None:
    """Return what a form asks for, or None where it is none of ours; raise NoSuchDay, in this wording."""
    match form.get("change"):
        case "pause":
            return _pause_asked_for(form, today, wording)
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
    wording: Wording,
    *,
    title: str,
    mistake: str = "",
) -> Choices:
    """Return what the page offers to a reader of whom the config says `arranged`."""
    pause = overlay.pause if overlay and overlay.pause and overlay.pause.holds(today) else None
    chosen = overlay.rhythm if overlay else None
    by_config = rhythm_of(arranged)
    rhythm = chosen or by_config
    return Choices(
        title=wording.gettext(title),
        state=tuple(_state(arranged, pause, rhythm, today, wording)),
        resting=pause is not None,
        pauses=tuple(_pauses(today, wording, by_day=bool(mistake))),
        first=_first(today),
        last=_last(today),
        mistake=mistake,
        rhythms=tuple(_rhythms(by_config, chosen, wording)),
        weekdays=tuple(_weekdays(rhythm, wording)),
    )


def _pause_asked_for(form: Mapping[str, str], today: date, wording: Wording) -> Change | None:
    length = form.get("pause", "")
    if length == "open":
        return PauseChange(pause=Pause())
    if length == "day":
        return PauseChange(pause=Pause(until=_day(form.get("until", ""), today, wording)))
    if length in map(str, WEEKS):
        return PauseChange(pause=Pause(until=today + timedelta(weeks=int(length))))
    return None


def _day(written: str, today: date, wording: Wording) -> date:
    first, last = _first(today), _last(today)
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is None or not first <= day <= last:
        bounds = {"first": wording.full_day(first), "last": wording.full_day(last)}
        raise NoSuchDay(wording.gettext("Choose a day from {first} to {last}.", **bounds))
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


def _state(
    arranged: Subscriber, pause: Pause | None, rhythm: Rhythm, today: date, wording: Wording
) -> Iterator[str]:
    often = how_often(rhythm, wording)
    away = None if arranged.paused else arranged.away_on(today)
    if arranged.paused:
        yield wording.gettext("No emails come: whoever sends them has paused them.")
    if away is not None:
        until = wording.long_day(away.until)
        yield wording.gettext("No emails come until {day}: whoever sends them knows you are away.", day=until)
    if pause is not None and pause.until is None:
        yield wording.gettext("You paused the emails until you resume them.")
    elif pause is not None and pause.until is not None:
        yield wording.gettext("You paused the emails until {day}.", day=wording.long_day(pause.until))
    if pause is not None or away is not None:
        yield wording.gettext("After that they come {often}.", often=often)
    elif arranged.paused:
        yield wording.gettext("Otherwise emails come {often}.", often=often)
    else:
        yield wording.gettext("Emails come {often}.", often=often)


def how_often(rhythm: Rhythm, wording: Wording) -> str:
    """Return a rhythm as it stands in a sentence."""
    days = wording.listed([wording.gettext(_EACH[day]) for day in sorted(rhythm.days)])
    if rhythm.every is not None:
        return _every_so_often(rhythm, wording.number(rhythm.every.number), days, wording)
    if rhythm.days == WEEKDAYS:
        return wording.gettext("from Monday to Friday")
    if rhythm.days == EVERY_DAY:
        return wording.gettext("every day")
    if rhythm.cadence is Cadence.DAILY:
        return wording.gettext("on {days}", days=days)
    return wording.gettext("once a week, on {days}", days=days)


def _every_so_often(rhythm: Rhythm, count: str, days: str, wording: Wording) -> str:
    if rhythm.days == EVERY_DAY:
        return wording.gettext("every {count} days", count=count)
    if len(rhythm.days) == 1:  # and of one day a week, one in two is as much as there can be
        return wording.gettext("every two weeks, on {days}", days=days)
    if rhythm.days == WEEKDAYS:
        return wording.gettext("from Monday to Friday, one day in {count}", count=count)
    return wording.gettext("on {days}, one day in {count}", days=days, count=count)


_EACH = (
    # Translators: these seven follow "on", as in "once a week, on Mondays".
    N_("Mondays"),
    N_("Tuesdays"),
    N_("Wednesdays"),
    N_("Thursdays"),
    N_("Fridays"),
    N_("Saturdays"),
    N_("Sundays"),
)


def _pauses(today: date, wording: Wording, *, by_day: bool) -> Iterator[Option]:
    for weeks in WEEKS:
        until = wording.long_day(today + timedelta(weeks=weeks))
        label = wording.ngettext(
            "For {count} week, until {day}", "For {count} weeks, until {day}", weeks, day=until
        )
        yield Option(value=str(weeks), label=label, chosen=weeks == WEEKS[0] and not by_day)
    yield Option(value="open", label=wording.gettext("Until I resume the emails"), chosen=False)
    yield Option(value="day", label=wording.gettext("Until a day of my choice"), chosen=by_day)


def _rhythms(by_config: Rhythm, chosen: Rhythm | None, wording: Wording) -> Iterator[Option]:
    arranged = wording.gettext("As it was set up: {often}", often=how_often(by_config, wording))
    yield Option(value="arranged", label=arranged, chosen=chosen is None)
    if chosen == _ON_WEEKDAYS or by_config != _ON_WEEKDAYS:
        on_weekdays = wording.gettext("From Monday to Friday")
        yield Option(value="weekdays", label=on_weekdays, chosen=chosen == _ON_WEEKDAYS)
    weekly = chosen is not None and chosen.cadence is Cadence.WEEKLY
    yield Option(value="weekly", label=wording.gettext("Once a week"), chosen=weekly)


def _weekdays(rhythm: Rhythm, wording: Wording) -> Iterator[Option]:
    for value, number in _WEEKDAYS_BY_NUMBER.items():
        yield Option(value=value, label=wording.weekday(number), chosen=number == min(rhythm.days))


def _first(today: date) -> date:
    return today + timedelta(days=1)


def _last(today: date) -> date:
    return today + LONGEST_PAUSE
