"""The words of the catalogues, to tell a text in one language from another."""

import re
from datetime import date

from babel.messages.pofile import read_po

from paperround import installed, translations
from paperround.languages import Language


def words(text: str) -> set[str]:
    """Return the words of a text, all in capitals."""
    return {word.upper() for word in re.findall(r"[^\W\d_]+", text)}


def known(language: Language) -> set[str]:
    """Return all words of ours in the language, and the names of its weekdays and months."""
    wording = translations.wording(language)
    with (installed.translations() / f"{language}.po").open("rb") as file:
        said = [str(each.string) for each in read_po(file) if each.id]
    days = [wording.long_day(date(2026, month, month)) for month in range(1, 13)]
    return words(" ".join([*said, *map(wording.weekday, range(7)), *days, wording.listed(["", ""])]))
