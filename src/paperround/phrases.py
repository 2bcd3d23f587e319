"""The small phrases of people's English: days, counts, lists."""

from collections.abc import Sequence
from datetime import date


def long_day(day: date) -> str:
    """Return the day as "Tuesday 16 June 2026"."""
    return f"{weekday(day)} {full_day(day)}"


def full_day(day: date) -> str:
    """Return the day as "16 June 2026"."""
    return f"{short_day(day)} {day.year}"


def short_day(day: date, *, seen_from: date | None = None) -> str:
    """Return the day as "16 June", with its year where it is not the year it is seen from."""
    words = f"{day.day} {_MONTHS[day.month - 1]}"
    return words if seen_from is None or seen_from.year == day.year else f"{words} {day.year}"


def counted(count: int, thing: str) -> str:
    """Return "1 paper" or "1,200 papers"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def percent(share: float) -> str:
    """Return a share as "20 %", "0.4 %" or "under 0.1 %"."""
    hundredths = share * 100
    if 0 < hundredths < _LEAST_PERCENT:
        return f"under {_LEAST_PERCENT} %"
    return f"{hundredths:.0f} %" if hundredths >= 1 or not share else f"{hundredths:.1f} %"


def listed(items: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def gap(difference: float) -> str:
    """Return "0.03", or "less than 0.01"."""
    return f"{difference:.2f}" if difference >= _LEAST_GAP else "less than 0.01"


def weekday(day: date) -> str:
    """Return "Tuesday"."""
    return _WEEKDAYS[day.weekday()]


_LEAST_PERCENT = 0.1

_LEAST_GAP = 0.01
# Strftime speaks the language of the machine, and has no day without a zero on Windows.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
