"""What TeX's letters, signs and accents look like in Unicode."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from unicodeit.data import COMBININGMARKS, REPLACEMENTS, SUBSUPERSCRIPTS


def raised(text: str) -> str:
    """Return the text as a superscript, or as `^(text)` where Unicode lacks one of the letters."""
    return _scripted(text, "^", _RAISED)


def lowered(text: str) -> str:
    """Return the text as a subscript, or as `_(text)` where Unicode lacks one of the letters."""
    return _scripted(text, "_", _LOWERED)


def is_alphabet(macro: str) -> bool:
    """Return whether the macro sets its argument in a mathematical alphabet."""
    return macro in _ALPHABETS


def styled(macro: str, text: str) -> str:
    """Return the text in a mathematical alphabet.

    Only symbols of one or two letters are changed: a name has to stay a word that can be found.
    """
    if len(text) > _LONGEST_SYMBOL or (macro == "mathbf" and not (len(text) == 1 and text.isalpha())):
        return text
    return "".join(_ALPHABETS[macro].get(letter, letter) for letter in text)


def accented(text: str, mark: str, *, every: bool = False) -> str:
    """Return the text with the combining mark on its first letter, or on every one of a few."""
    if every and len(text) <= _LONGEST_OVERLINED:
        return unicodedata.normalize("NFC", "".join(letter + mark for letter in text))
    letter = _WITH_DOT.get(text[:1], text[:1])
    return unicodedata.normalize("NFC", letter + mark) + text[1:] if letter else ""


_LONGEST_SYMBOL = 2
_LONGEST_OVERLINED = 12
_WITH_DOT = {"\u0131": "i", "\u0237": "j"}  # an accent takes the place of the dot

# What unicodeit has under names that people use for something else; what readers expect instead of
# its sign; and what it lacks.
_DISTRUSTED = frozenset({"h", "AC", "DD", "dd", "Dz", "dz", "ee", "ii", "jj"})
_OWN = {
    "i": "\u0131", "j": "\u0237", "dots": "…", "dotsc": "…", "dotsb": "⋯", "textellipsis": "…", "mid": "|",
    "star": "⋆", "langle": "⟨", "rangle": "⟩", "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|",
    "quad": " ", "qquad": " ", "space": " ", "newline": " ", "par": " ", "item": "•", "dag": "†", "ddag": "‡",
    "SS": "ẞ", "textasciitilde": "~", "textasciicircum": "^", "textbackslash": "\\", "textunderscore": "_",
    "textless": "<", "textgreater": ">", "textbar": "|", "textdegree": "°", "textendash": "\u2013",
    "textemdash": "—", "textquoteleft": "\u2018", "textquoteright": "\u2019", "textquotedblleft": "“",
    "textquotedblright": "”", "textbullet": "•", "textperiodcentered": "·", "textpm": "±", "texttimes": "×",
    "textregistered": "®", "cmark": "✓", "xmark": "✗", "bigstar": "★", "lt": "<", "gt": ">", "iff": "⇔",
}  # fmt: skip

_NAMED = re.compile(r"\\([A-Za-z]+)")
_TABLE = {
    entry[1]: sign
    for macro, sign in REPLACEMENTS
    if (entry := _NAMED.fullmatch(macro)) and entry[1] not in _DISTRUSTED
}

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {name: sign for name, sign in _TABLE.items() if not unicodedata.category(sign).startswith(("M", "Z"))}
    | _OWN
)

LETTERS = frozenset(
    {
        "o", "O", "l", "L", "i", "j", "ae", "AE", "oe", "OE", "aa", "AA", "ss", "dh", "th", "dj", "ng",
        "textbackslash", "textasciitilde", "textasciicircum", "textunderscore",
    }
)  # fmt: skip

MARKS: Mapping[str, str] = MappingProxyType(
    {name: sign for name, sign in _TABLE.items() if unicodedata.category(sign) == "Mn"}
    | {macro.removeprefix("\\"): sign for macro, sign in COMBININGMARKS if "underline" not in macro}
    | {"bar": "\u0304", "not": "\u0338"}
)

LETTER_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "'": "\u0301", '"': "\u0308", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304",
        ".": "\u0307", "c": "\u0327", "H": "\u030b", "v": "\u030c", "u": "\u0306", "k": "\u0328",
        "r": "\u030a", "d": "\u0323", "b": "\u0331", "t": "\u0361",
    }
)  # fmt: skip

_SELVES = {sign: sign for sign in "%&_#{}$"}
_SPACES = {",": " ", ":": " ", ";": " ", "!": "", "/": "", "-": "", "@": ""}
ESCAPES: Mapping[str, str] = MappingProxyType(_SELVES | _SPACES | {sign: sign for sign in "><*|"})
MATH_ESCAPES: Mapping[str, str] = MappingProxyType(_SELVES | _SPACES | {">": " ", "|": "‖"})

_ALPHABET = re.compile(r"\\(math(?:cal|bb|bf|frak))\{(.)\}")
_ALPHABETS: dict[str, dict[str, str]] = {"mathcal": {}, "mathbb": {}, "mathbf": {}, "mathfrak": {}}
for _macro, _sign in REPLACEMENTS:
    if _entry := _ALPHABET.fullmatch(_macro):
        _ALPHABETS[_entry[1]][_entry[2]] = _sign
_ALPHABETS |= {"mathscr": _ALPHABETS["mathcal"], "cal": _ALPHABETS["mathcal"]}
_ALPHABETS |= {"mathds": _ALPHABETS["mathbb"], "Bbb": _ALPHABETS["mathbb"]}

# unicodeit takes look-alikes of other scripts for these.
_UNLIKE = frozenset("V.<>∫")
_RAISED = {key[1]: sign for key, sign in SUBSUPERSCRIPTS if key[0] == "^" and key[1] not in _UNLIKE}
_RAISED |= {"V": "ⱽ", "∘": "°", "†": "†", "‡": "‡", "′": "′", "⋆": "*"}  # noqa: RUF001 - a prime
_LOWERED = {key[1]: sign for key, sign in SUBSUPERSCRIPTS if key[0] == "_" and key[1] not in _UNLIKE}
_DECIMAL = re.compile(r"\d+\.\d+")
_LONG_WORD = re.compile(r"[A-Za-z]{6}")  # small letters are hard to read, and nobody finds the word
_IN_PARENTHESES = re.compile(r"\([^()]*\)")


def _scripted(text: str, sign: str, letters: dict[str, str]) -> str:
    tight = text.replace(" ", "")
    if sign == "_" and _DECIMAL.fullmatch(tight):
        return "".join(letters.get(letter, letter) for letter in tight)
    if all(letter in letters for letter in tight) and not _LONG_WORD.search(tight):
        return "".join(letters[letter] for letter in tight)
    return sign + text if len(text) == 1 or _IN_PARENTHESES.fullmatch(text) else f"{sign}({text})"
