"""What any text from outside passes before anything else sees it."""

import re
import unicodedata

from paperround import tex


def clean(value: str, *, limit: int | None = None) -> str:
    """Return the text on one line, without what cannot be seen, what reorders it and what no XML may hold.

    With `limit` it is cut at the end of a word, with an ellipsis, to at most that many characters.
    """
    line = _BLANKS.sub(" ", _HIDDEN.sub("", value))
    if not line.isascii():
        # Marks are counted where none of them hides within a letter.
        line = _OTHERS.sub(_bearable, unicodedata.normalize("NFD", line))
        line = unicodedata.normalize("NFC", line)
    line = _BLANKS.sub(" ", line).strip(" ")
    line = line[_first_letter(line) :]
    return line if limit is None else _cut(line, limit)


def prose(value: str, *, limit: int | None = None) -> str:
    """Return a title or an abstract as clean text, its TeX made readable."""
    return clean(tex.readable(clean(value)), limit=limit)


# Controls, lone surrogates and noncharacters, and whatever is not seen but hides or reorders what is.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
# Some signs count as letters or symbols, and yet show nothing but a blank.
_BLANKS = re.compile(r"[\s\u115f\u1160\u2800\u3164\uffa0]+")

_OTHERS = re.compile("[\x00-\u02ff]?[^\x00-\u02ff]+")
_MOST_MARKS = 4  # on one letter; no language needs more, and a heap of them runs over the lines around it

# A joiner has something to join between the letters of cursive and Indic scripts, and between emoji.
_JOINERS = "\u200c\u200d"
_CURSIVE = "\u0600-\u109f\u1780-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
_PICTURES = (
    "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_JOINED = {
    "\u200c": re.compile(f"[{_CURSIVE}]{{2}}"),
    "\u200d": re.compile(f"[{_CURSIVE}{_PICTURES}]{{2}}"),
}
# A variation selector has something to vary; one behind every letter could carry a hidden text.
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VARIED = re.compile(
    "[#*0-9\xa9\xae\u1000-\u109f\u203c-\u2bff\u3001-\ufdff\uff00-\uffef\U00010000-\U0003ffff]"
)

_LOOSE_ENDS = " ,;:([{/-\u2013\u2014\u200c\u200d"
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_JAMO_THAT_FOLLOW = frozenset(map(chr, range(0x1160, 0x1200)))
_FIRST_WITHOUT_BLANKS = "\u2e80"  # from here on, scripts that put no blanks between their words


def _bearable(run: re.Match[str]) -> str:
    """Return the run with no more marks, selectors and joiners about its letters than they can bear."""
    kept: list[str] = []
    base = joiner = ""
    followers = 0  # of the base: its marks and its selector
    for letter in run.group():
        if letter in _JOINERS:
            joiner = letter
        elif _SELECTOR.match(letter):
            if not (followers or joiner) and _VARIED.match(base):
                followers = 1
                kept.append(letter)
        elif unicodedata.category(letter) in {"Mn", "Me"}:
            joiner = ""
            followers += 1
            if followers <= _MOST_MARKS:
                kept.append(letter)
        else:
            if joiner and _JOINED[joiner].match(base + letter):
                kept.append(joiner)
            base, joiner, followers = letter, "", 0
            kept.append(letter)
    return "".join(kept)


def _first_letter(line: str) -> int:
    """Return where the line begins, without marks that have no letter to stand on."""
    letters = (at for at, letter in enumerate(line) if not (letter in " \u200c\u200d" or _is_mark(letter)))
    return next(letters, len(line))


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")


def _cut(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    if limit < 1:
        return ""
    end = limit - 1
    blank = line.rfind(" ", 0, limit)
    if blank > 0 and min(line[end - 1], line[end]) < _FIRST_WITHOUT_BLANKS:
        end = blank
    while end and _continues(line, end):
        end -= 1
    return line[:end].rstrip(_LOOSE_ENDS) + "…"


def _continues(line: str, at: int) -> bool:
    """Return whether the character there belongs to the one before it."""
    letter, before = line[at], line[at - 1]
    if letter in _FLAGS:
        flags = at - len(line[:at].rstrip("".join(_FLAGS)))
        return flags % 2 == 1
    return (
        before == "\u200d"
        or letter in _JOINERS
        or letter in _SKIN_TONES
        or letter in _JAMO_THAT_FOLLOW
        or _is_mark(letter)
    )
