"""The sentence of an abstract that says most to one reader."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from paperround.keywords import Keyword, Span, apart, is_sentence, lexicon, marks, occurrences
from paperround.vocabulary import tokens

LONGEST = 320  # characters; two lines less than an abstract, on a phone


def telling(abstract: str, keywords: Iterable[Keyword]) -> str:
    """Return the sentence whose matched keywords weigh most, cut at a word to `LONGEST` characters.

    Among equals, and where nothing matches, the sentence that states the contribution is taken,
    and the earlier one of two.
    """
    found = _known_sentences(abstract)
    if not found:
        return ""
    wanted = tuple(keywords)
    best = max(found, key=lambda sentence: (_weight(sentence, wanted), _claims(sentence)))
    best = _CITED.sub("", best)
    return _window(best, min((start for start, _ in marks(wanted, best)), default=0))


def sentences(text: str) -> Iterator[str]:
    """Return the sentences of a text, in order, each without the blanks around it."""
    start = 0
    for stop in _STOP.finditer(text):
        if _ends(text, stop) and not _is_in_parentheses(text, start, stop.end()):
            yield text[start : stop.end()].strip()
            start = stop.end()
    if rest := text[start:].strip():
        yield rest


# Each abstract is read for many readers.
@lru_cache(maxsize=2048)
def _known_sentences(text: str) -> tuple[str, ...]:
    return tuple(sentences(text))


def cut(text: str, longest: int) -> str:
    """Return the text, or as many whole words of it as fit, and an ellipsis."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    # A word longer than all the room is cut where the room ends.
    whole = kept if text[longest - 1].isspace() else kept.rpartition(" ")[0] or kept
    return f"{whole.rstrip(' ,;:.-–—')}…"


_CLAIM = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report)|our (?:paper|work))\s+(?:\w+ly\s+|first\s+|also\s+)?"
    r"(?:propos|introduc|present|show|find|found|develop|demonstrat|prov(?:e|ide)|design|describ|releas|study"
    r"|studie|investigat|argue|build|built|formaliz|formalis|establish|address|observ|reveal)",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?][\"'’”)\]]{0,3}(?=\s)|[。！？]")  # noqa: RUF001 - the full stops of Chinese and Japanese
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘])([^\s(\[\"'“‘]*)$")
_NEXT = re.compile(r"\s*[\"'“‘(\[]*(\w+|\S)")
_NEVER_LAST = re.compile(
    r"e\.g|i\.e|cf|vs|viz|figs?|eqs?|eqn|secs?|tab|refs?|thm|nos?|vol|pp|ch|approx|resp|dr|prof|mrs?|ms|st|ca"
    r"|incl|esp|w\.r\.t"
)
_SELDOM_LAST = re.compile(r"al|etc|a\.k\.a|i\.i\.d|jr|inc|u\.s|[^\W\d_]")
_OPENING = re.compile(
    r"we|our|this|these|that|those|the|in|its?|to|for|however|here|while|as|on|by|with|extensive|experiments"
    r"|moreover|furthermore|finally|specifically|thus|therefore|but|and|when|although|such|using|unlike|yet"
    r"|both|results|additionally|first|second|third|there|they|many|most|despite|based|existing|recent|an?"
)
_CITED = re.compile(r"^(?:\[[\d,;\s–-]+\]\s*)+(?=\S)")
_ASIDE = 400  # characters; a parenthesis that is longer was never closed
_LEAD = 80  # characters before a match that lies beyond the cut


def _ends(text: str, stop: re.Match[str]) -> bool:
    following = _NEXT.match(text, stop.end())
    if following is None or stop[0] in "。！？":  # noqa: RUF001 - as above
        return True
    after = following[1]
    if after[0].islower() or not (after[0].isalnum() or after[0] in "$\\"):
        return False
    # Forty characters hold every abbreviation, and keep a text without blanks from costing its square.
    before = _LAST_WORD.search(text[max(0, stop.start() - 40) : stop.start()])
    word = before[1].casefold() if before and stop[0].startswith(".") else ""
    if _SELDOM_LAST.fullmatch(word):
        return _OPENING.fullmatch(after.casefold()) is not None
    return _NEVER_LAST.fullmatch(word) is None


def _is_in_parentheses(text: str, start: int, stop: int) -> bool:
    """Return whether a sentence that began at `start` would end at `stop` within a parenthesis."""
    opened = text.rfind("(", max(start, stop - _ASIDE), stop)
    return opened > text.rfind(")", start, stop) and ")" in text[stop : stop + _ASIDE]


def _claims(sentence: str) -> bool:
    return _CLAIM.search(sentence) is not None


def _weight(sentence: str, keywords: tuple[Keyword, ...]) -> float:
    return sum(each.weight * _held(each.text, each.phrases, sentence) for each in keywords)


# Many readers have a keyword in common, if not its weight.
@lru_cache(maxsize=65536)
def _held(text: str, phrases: tuple[str, ...], sentence: str) -> float:
    """Return how much of a keyword the sentence holds, from 0 to 1."""
    found = occurrences((Keyword(text=text, phrases=phrases),), sentence)
    return sum(_share(phrase, sentence, found) for phrase in phrases) / len(phrases)


def _share(phrase: str, sentence: str, found: Mapping[str, tuple[Span, ...]]) -> float:
    """Return how much of a phrase the sentence holds: all of it, or some words of one that is a sentence."""
    if phrase not in found or not is_sentence(phrase):
        return float(phrase in found)
    if lexicon((phrase,)).find(sentence):
        return 1.0
    held = apart(phrase, tokens(sentence))
    return sum(map(bool, held.values())) / len(held)


def _window(sentence: str, first_match: int) -> str:
    """Return the part of a sentence that shows its first match."""
    if first_match < LONGEST - _LEAD:
        return cut(sentence, LONGEST)
    lead = sentence[first_match - _LEAD : first_match]
    start = first_match - len(lead.partition(" ")[2])
    return f"…{cut(sentence[start:], LONGEST - 1)}"
