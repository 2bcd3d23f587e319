"""What whoever asks would like to be answered with."""

import re

from paperround.languages import Language

_LONGEST = 500
_RANGE = re.compile(r"\s*([a-z]{1,8})(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE)


def language_of(accepted: str) -> Language:
    """Return the language of ours that an Accept-Language names first; English where it names none."""
    known = {each.value: each for each in Language}
    asked: dict[Language, float] = {}
    for part in accepted[:_LONGEST].split(","):
        found = _RANGE.fullmatch(part)
        if found and (language := known.get(found[1].lower())):
            asked[language] = max(float(found[2] or 1), asked.get(language, 0))
    wanted = [language for language in asked if asked[language] > 0]
    return max(wanted, key=asked.__getitem__, default=Language.ENGLISH)
