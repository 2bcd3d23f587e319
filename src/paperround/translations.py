"""The catalogues: a PO file for each language but English, read when somebody reads in it."""

from functools import cache
from gettext import GNUTranslations
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from paperround import installed
from paperround.languages import ENGLISH, Language, Wording


@cache
def wording(language: Language) -> Wording:
    """Return how that language says things."""
    if language is Language.ENGLISH:
        return ENGLISH
    return Wording(language=language, catalogue=_catalogue(language))


def _catalogue(language: Language) -> GNUTranslations:
    """Return the catalogue as the standard library has it: messages, and the rule of their plurals."""
    compiled = BytesIO()
    with (installed.translations() / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
