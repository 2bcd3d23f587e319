"""How what readers see is said in their language: messages, counts, days, numbers and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_decimal


class Language(StrEnum):
    """What a mail may be written in; the words of each but English are in `translations`, under its code."""

    ENGLISH = "en"
    GERMAN = "de"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wording:
    """One language's way of saying things.

    A message is looked up in the catalogue by its English, which is said where the catalogue lacks it.
    Its {placeholders} are filled with the values given.
    """

    language: Language
    catalogue: NullTranslations

    def gettext(self, message: str, /, **values: str) -> str:
        """Return the message in this language; without values, its braces are braces."""
        said = self.catalogue.gettext(message)
        return said.format(**values) if values else said

    def ngettext(self, one: str, many: str, count: int, /, **values: str) -> str:
        """Return the message of the two that goes with the count, in this language: `{count}` is filled."""
        return self.catalogue.ngettext(one, many, count).format(count=self.number(count), **values)

    def found(self, text: str) -> str:
        """Return a text in this language where it is a message with words there; nothing where not."""
        if not text or self.language is Language.ENGLISH:
            return text
        said = self.catalogue.gettext(text)
        return "" if said == text else said

    def listed(self, items: Sequence[str]) -> str:
        """Return "a", "a and b" or "a, b and c"."""
        return format_list(items, locale=_locale(self.language))

    def long_day(self, day: date) -> str:
        """Return the day as "Tuesday, 16 June 2026"."""
        return _day(day, _LONG, self.language)

    def full_day(self, day: date) -> str:
        """Return the day as "16 June 2026"."""
        return _day(day, _FULL, self.language)

    def weekday(self, number: int) -> str:
        """Return "Monday" for 0."""
        monday = date.min  # the first day of the calendar
        return _day(monday + timedelta(days=number), _WEEKDAY, self.language)

    def short_day(self, day: date, *, seen_from: date | None = None) -> str:
        """Return the day as "16 June", with its year where it is not the year it is seen from."""
        if seen_from is not None and seen_from.year != day.year:
            return self.full_day(day)
        return _day(day, _SHORT, self.language)

    def city(self, zone: ZoneInfo) -> str:
        """Return the city by which a time zone is known, or "UTC"."""
        return _city(zone, self.language)

    def number(self, number: int) -> str:
        """Return the number as "1,200"."""
        return _number(number, self.language)


ENGLISH = Wording(language=Language.ENGLISH, catalogue=NullTranslations())


def N_(message: str) -> str:  # noqa: N802 - so it is called wherever there are catalogues
    """Return the message as it is, marked for the catalogues: it is looked up where it is said."""
    return message


_LOCALES = {Language.ENGLISH: "en_GB"}  # where not the language alone says how days are written

_LONG, _FULL, _SHORT, _WEEKDAY = "full", "long", "MMMMd", "EEEE"  # as the locales call them


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES.get(language, language.value))


# Most mails of a day hold the same days, and small numbers.
@lru_cache(maxsize=1024)
def _number(number: int, language: Language) -> str:
    return format_decimal(number, locale=_locale(language))


@lru_cache(maxsize=1024)
def _city(zone: ZoneInfo, language: Language) -> str:
    return get_timezone_location(zone, locale=_locale(language), return_city=True)


@lru_cache(maxsize=1024)
def _day(day: date, form: str, language: Language) -> str:
    if form == _SHORT:
        return format_skeleton(form, day, locale=_locale(language))
    return format_date(day, form, locale=_locale(language))
