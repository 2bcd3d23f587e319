"""The form with which people ask for the papers: how it is shown, and how it comes back."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from paperround.keywords import keyword
from paperround.languages import Wording
from paperround.ports import Wish
from paperround.subscribers import Subscriber

MOST_KEYWORDS = 20
LONGEST_KEYWORD = 200  # characters

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9])?")
_LONGEST_QUOTE = 40
# Names for machines, and older ones of places that have another.
_NO_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is in the form as it is shown, and what is wrong with it, by field."""

    address: str = ""
    keywords: str = ""
    deliver_at: str = ""
    timezone: str = ""
    mistakes: Mapping[str, str] = field(default_factory=dict)
    usual_hour: str = ""
    usual_zone: str = ""
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What somebody asks for, and the address it is to go to."""

    address: str
    wish: Wish


def blank(newcomer: Subscriber) -> Application:
    """Return the form before anything is typed, for whom what `newcomer` says holds."""
    return Application(
        usual_hour=f"{newcomer.deliver_at:%H:%M}", usual_zone=newcomer.timezone.key, zones=zones()
    )


def is_a_trap(form: Mapping[str, str]) -> bool:
    """Return whether a field is filled that nobody sees: programs fill in whatever there is."""
    return bool(form.get("website"))


def applied(
    form: Mapping[str, str], newcomer: Subscriber, wording: Wording, *, address: Callable[[str], str]
) -> Applied | Application:
    """Return what the form asks for; or the form itself, with what is wrong in it.

    `address` returns an address as mail is sent to it, or raises ValueError.
    """
    typed = {name: form.get(name, "").strip() for name in ("address", "deliver_at", "timezone")}
    lines = tuple(_lines(form.get("keywords", "")))
    plain, clock = _address(typed["address"], address), _clock(typed["deliver_at"])
    zone = ZoneInfo(typed["timezone"]) if typed["timezone"] in zones() else None
    mistakes = {
        "address": "" if plain else wording.gettext("Write the address like ada@example.org."),
        "keywords": _mistake(lines, wording),
        "deliver_at": "" if clock or not typed["deliver_at"] else wording.gettext("Write it like 07:30."),
        "timezone": "" if zone or not typed["timezone"] else wording.gettext("Choose one from the list."),
    }
    found = {name: mistake for name, mistake in mistakes.items() if mistake}
    if plain and not found:
        wish = Wish(keywords=lines, language=wording.language, timezone=zone, deliver_at=clock)
        return Applied(address=plain, wish=wish)
    usual = blank(newcomer)
    return Application(
        **typed,
        keywords=form.get("keywords", ""),
        mistakes=found,
        usual_hour=usual.usual_hour,
        usual_zone=usual.usual_zone,
        zones=usual.zones,
    )


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones that can be chosen: those that are called by a place."""
    named = (name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES))
    return ("UTC", *sorted(named))


def _lines(text: str) -> Iterator[str]:
    """Yield what stands in each line, once."""
    tidy = (" ".join(line.split()) for line in text.splitlines())
    yield from dict.fromkeys(line for line in tidy if line)


def _address(typed: str, plain: Callable[[str], str]) -> str | None:
    try:
        return plain(typed)
    except ValueError:
        return None


def _clock(typed: str) -> time | None:
    found = _CLOCK.fullmatch(typed)
    return time(int(found[1]), int(found[2])) if found else None


def _mistake(keywords: tuple[str, ...], wording: Wording) -> str:
    if not keywords:
        return wording.gettext("Write at least one keyword.")
    if len(keywords) > MOST_KEYWORDS:
        return wording.ngettext(
            "Write no more than {count} keyword.", "Write no more than {count} keywords.", MOST_KEYWORDS
        )
    for each in keywords:
        shown = each if len(each) <= _LONGEST_QUOTE else f"{each[:_LONGEST_QUOTE]}…"
        if len(each) > LONGEST_KEYWORD:
            return wording.gettext("This keyword is too long: {keyword}", keyword=shown)
        if not _is_keyword(each):
            return wording.gettext("No paper could be found by this: {keyword}", keyword=shown)
    return ""


def _is_keyword(text: str) -> bool:
    try:
        keyword(text)
    except ValueError:
        return False
    return text.isprintable()
