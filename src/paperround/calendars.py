"""When the hosts of papers announce: so that a day without papers and a broken source are told apart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from paperround.languages import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is to be expected of a day: papers from `since` on, or none, and why.

    They come all `at_once`, or some more of them as the day goes on.
    """

    since: datetime | None = None
    reason: str = ""
    at_once: bool = False


Calendar = Callable[[date], Announcement]

WEEKEND = N_("no announcement, as on a weekend")
NO_LIST = N_("no list on a weekend")


def arxiv(day: date) -> Announcement:
    """Return what to expect of arXiv's feed of that day, which is made at midnight in New York.

    It holds what was announced the evening before: on the evenings from Sunday to Thursday, but for those
    that are deferred. Of years whose list is not known, the holidays that every known list has.
    """
    if day.weekday() >= _SATURDAY:
        return Announcement(reason=WEEKEND)
    if reason := _no_evening_before(day):
        return Announcement(reason=reason)
    midnight = datetime.combine(day, time(), tzinfo=_EASTERN)
    return Announcement(since=midnight.astimezone(UTC), at_once=True)


def hugging_face(day: date) -> Announcement:
    """Return what to expect of the Daily Papers of that day: a list each weekday, from midnight UTC on."""
    if day.weekday() >= _SATURDAY:
        return Announcement(reason=NO_LIST)
    return Announcement(since=datetime.combine(day, time(), tzinfo=UTC))


_EASTERN = ZoneInfo("America/New_York")
_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5

_NEW_YEAR = N_("no announcement: New Year")
_KING = N_("no announcement: Martin Luther King Day")
_JUNETEENTH = N_("no announcement: Juneteenth")
_INDEPENDENCE = N_("no announcement: Independence Day")
_LABOR = N_("no announcement: Labor Day")
_THANKSGIVING = N_("no announcement: Thanksgiving")
_CHRISTMAS = N_("no announcement: Christmas")

# The days whose announcement is deferred: https://info.arxiv.org/help/availability.html#holiday
_DEFERRED: Mapping[int, Mapping[date, str]] = MappingProxyType(
    {
        2026: {
            date(2026, 1, 1): _NEW_YEAR,
            date(2026, 1, 19): _KING,
            date(2026, 6, 19): _JUNETEENTH,
            date(2026, 7, 3): _INDEPENDENCE,
            date(2026, 9, 7): _LABOR,
            date(2026, 11, 26): _THANKSGIVING,
            date(2026, 12, 25): _CHRISTMAS,
            date(2026, 12, 29): _CHRISTMAS,
            date(2026, 12, 31): _NEW_YEAR,
        }
    }
)


def _no_evening_before(day: date) -> str:
    """Return why nothing was announced on the evening before that weekday, or nothing where it was."""
    evenings = [day - timedelta(days=1)]
    if day.weekday() == _MONDAY:  # what comes in on a Friday is announced on Sunday evening
        evenings.append(day - timedelta(days=3))
    return next((reason for each in evenings if (reason := _deferred(each.year).get(each))), "")


@cache
def _deferred(year: int) -> Mapping[date, str]:
    return _DEFERRED.get(year) or dict(_recurring(year))


def _recurring(year: int) -> Iterator[tuple[date, str]]:
    """Yield what the lists of 2025 and 2026 have in common, and Christmas, as in 2023 and 2026."""
    yield date(year, 1, 1), _NEW_YEAR
    yield _nth(3, _MONDAY, year, 1), _KING
    yield date(year, 6, 19), _JUNETEENTH
    yield _nth(1, _MONDAY, year, 9), _LABOR
    yield _nth(4, _THURSDAY, year, 11), _THANKSGIVING
    yield date(year, 12, 25), _CHRISTMAS


def _nth(number: int, weekday: int, year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
