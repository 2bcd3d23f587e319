"""What a reader can choose on their page: how it is shown there, and how it comes back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from paperround.languages import N_, Wording
from paperround.preferences import (
    LONGEST_PAUSE,
    AmountChange,
    Change,
    Hour,
    Overlay,
    PauseChange,
    Rhythm,
    RhythmChange,
    TopicsChange,
    overlaid,
    rhythm_of,
)
from paperround.subscribers import EVERY_DAY, MOST_PAPERS, WEEKDAYS, Cadence, Interests, Pause, Subscriber
from paperround.trials import Trial
from paperround.web.hours import Hours, hour_asked_for, hours, in_words
from paperround.web.options import Mistaken, Option
from paperround.web.topics import Form, Lists, beside, interests_asked_for, lists

WEEKS = (1, 2, 4)  # for which a pause is offered

_ABOUT_TOPICS = ("topics", "topics-arranged", "try")
_ON_WEEKDAYS = Rhythm(days=WEEKDAYS)
_WEEKDAYS_BY_NUMBER = {str(number): number for number in range(7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What the page offers: as it was set up or else, and what number stands in the field of the latter."""

    ways: tuple[Option, ...]
    number: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the page shows; `first` and `last` bound the day on which a pause may end.

    `resting` says that the reader chose a pause which goes on. `mistakes` are by the field that they are
    about. `tried` is what the topics would have brought, a line each; `trial` says whether that can be asked.
    """

    title: str
    state: tuple[str, ...]
    resting: bool
    mistakes: Mapping[str, Sequence[str]]
    pauses: tuple[Option, ...]
    first: date
    last: date
    rhythms: tuple[Option, ...]
    weekdays: tuple[Option, ...]
    hours: Hours
    amount: Amount
    topics: Lists
    trial: bool
    tried: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form that nothing was kept of: what stood in it, and what was said of it."""

    form: Form = ()
    mistakes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    trial: Trial | None = None


def asked_for(  # noqa: PLR0911 - a table, one line a row
    form: Form, arranged: Subscriber, overlay: Overlay | None, today: date, wording: Wording
) -> Change | None:
    """Return what a form asks for, or None where it is none of ours; raise Mistaken, in this wording."""
    said = dict(form)
    match said.get("change"):
        case "pause":
            return _pause_asked_for(said, today, wording)
        case "resume":
            return PauseChange(pause=None)
        case "rhythm":
            return _rhythm_asked_for(said)
        case "hour":
            return hour_asked_for(said, arranged, overlay.hour if overlay else None)
        case "amount":
            return _amount_asked_for(said, wording)
        case "topics":
            asked = wanted(form, arranged, overlay, wording)
            return TopicsChange(topics=beside(asked, arranged.interests))
        case "topics-arranged":
            return TopicsChange(topics=None)
        case _:
            return None


def wanted(form: Form, arranged: Subscriber, overlay: Overlay | None, wording: Wording) -> Interests:
    """Return the interests that a form names, or raise Mistaken."""
    topics = overlay.topics if overlay else None
    asked = interests_asked_for(form, arranged.interests, topics, wording)
    if not asked.any and not arranged.trending:
        raise Mistaken({"keywords": [wording.gettext("Write at least one, or no email would ever come.")]})
    return asked


def choices(
    arranged: Subscriber,
    overlay: Overlay | None,
    today: date,
    wording: Wording,
    *,
    title: str,
    trial: bool = False,
    typed: Typed | None = None,
) -> Choices:
    """Return what the page offers to a reader of whom the config says `arranged`.

    What was `typed` and not kept stays in its fields. `trial` says whether topics can be tried.
    """
    chosen = overlay or Overlay(chosen_at=datetime.min.replace(tzinfo=UTC))
    pause = chosen.pause if chosen.pause and chosen.pause.holds(today) else None
    by_config = rhythm_of(arranged)
    rhythm = chosen.rhythm or by_config
    typed = typed or Typed()
    (current,) = overlaid([arranged], {arranged.address: chosen})
    return Choices(
        title=wording.gettext(title),
        state=(*_state(arranged, pause, rhythm, today, wording), _hour_and_amount(current, wording)),
        resting=pause is not None,
        mistakes=typed.mistakes,
        pauses=tuple(_pauses(today, wording, by_day="until" in typed.mistakes)),
        first=_first(today),
        last=_last(today),
        rhythms=tuple(_rhythms(by_config, chosen.rhythm, wording)),
        weekdays=tuple(_weekdays(rhythm, wording)),
        hours=hours(arranged, chosen.hour, wording),
        amount=_amount(arranged, chosen.max_papers, typed, wording),
        topics=lists(arranged.interests, chosen.topics, wording, typed=_of_topics(typed.form)),
        trial=trial,
        tried=tuple(_tried(typed.trial, wording)) if typed.trial else (),
    )


def _of_topics(form: Form) -> Form | None:
    return form if dict(form).get("change") in _ABOUT_TOPICS else None


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
        raise Mistaken({"until": [wording.gettext("Choose a day from {first} to {last}.", **bounds)]})
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


def _amount_asked_for(form: Mapping[str, str], wording: Wording) -> Change | None:
    match form.get("amount"):
        case "arranged":
            return AmountChange(max_papers=None)
        case "own":
            written = form.get("papers", "").strip()
            if not re.fullmatch(r"[0-9]{1,3}", written) or not 1 <= int(written) <= MOST_PAPERS:
                wrong = wording.gettext("Write a number from 1 to {most}.", most=wording.number(MOST_PAPERS))
                raise Mistaken({"papers": [wrong]})
            return AmountChange(max_papers=int(written))
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


def _hour_and_amount(current: Subscriber, wording: Wording) -> str:
    hour = in_words(Hour(at=current.deliver_at, timezone=current.timezone), wording)
    return wording.ngettext(
        "Each has at most {count} paper, and is sent at {hour}.",
        "Each has at most {count} papers, and is sent at {hour}.",
        current.max_papers,
        hour=hour,
    )


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


def _amount(arranged: Subscriber, chosen: int | None, typed: Typed, wording: Wording) -> Amount:
    as_set_up = wording.ngettext(
        "As it was set up: {count} paper",
        "As it was set up: {count} papers",
        arranged.max_papers,
    )
    mistaken = "papers" in typed.mistakes
    own = chosen is not None or mistaken
    written = dict(typed.form).get("papers", "") if mistaken else str(chosen or arranged.max_papers)
    return Amount(
        ways=(
            Option(value="arranged", label=as_set_up, chosen=not own),
            Option(value="own", label=wording.gettext("Another number"), chosen=own),
        ),
        number=written,
        most=MOST_PAPERS,
    )


def _tried(trial: Trial, wording: Wording) -> Iterator[str]:
    """Yield what the topics would have brought: together, and one by one."""
    yield wording.ngettext(
        "Of {papers} papers since {day}, {count} meets what you want to see.",
        "Of {papers} papers since {day}, {count} meet what you want to see.",
        trial.any,
        papers=wording.number(trial.papers),
        day=wording.short_day(trial.since),
    )
    for words, count in trial.met:
        yield wording.ngettext("{words}: {count} paper", "{words}: {count} papers", count, words=words)


def _first(today: date) -> date:
    return today + timedelta(days=1)


def _last(today: date) -> date:
    return today + LONGEST_PAUSE
