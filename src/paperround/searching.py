"""What somebody types to find papers, and which papers hold it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from paperround.keywords import LONGEST_PHRASE, Keyword, Lexicon, keyword, spellings
from paperround.papers import Paper
from paperround.text import clean
from paperround.vocabulary import FUNCTION_WORDS, joined, tokens

# For each phrase the ways to write it, each as the stems of its words.
Spellings = tuple[tuple[tuple[str, ...], ...], ...]

LONGEST = 120  # characters
MOST_WORDS = LONGEST_PHRASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: every phrase, somewhere in a paper, each as a keyword would find it."""

    text: str
    phrases: tuple[str, ...]

    @property
    def keywords(self) -> tuple[Keyword, ...]:
        """The phrases as keywords, by which they are marked in a text."""
        return tuple(keyword(phrase) for phrase in self.phrases)

    @property
    def spellings(self) -> Spellings:
        """For each phrase the ways to write it, each as the stems of words that say something.

        A keyword finds a word that a paper writes in two, with a blank between; a search does not.
        """
        return tuple(tuple(map(_telling, spellings(phrase))) for phrase in self.phrases)

    def finds(self, papers: Iterable[Paper]) -> Iterator[Paper]:
        """Yield those of the papers that hold what is looked for."""
        lexicon = Lexicon(self.phrases)
        for paper in papers:
            found = lexicon.find(_text(paper))
            if all(phrase in found for phrase in self.phrases):
                yield paper


def search(typed: str) -> Search | None:
    """Return what was typed as a search: its words, those between quotation marks as they stand together.

    None where it holds no word. What is longer than `LONGEST`, or beyond `MOST_WORDS`, is left out.
    """
    text = clean(typed[: 4 * LONGEST])[:LONGEST].strip()
    phrases: list[str] = []
    room = MOST_WORDS
    for quoted, single in _PARTS.findall(text):
        part = quoted or single
        words = len(tokens(part))
        if 0 < words <= room:
            room -= words
            phrases.append(part)
    return Search(text=text, phrases=tuple(dict.fromkeys(phrases))) if phrases else None


def stems(paper: Paper) -> frozenset[str]:
    """Return the stems of all words of a paper that say something; of hyphenated words, also as one word."""
    words = tokens(_text(paper))
    as_one = (joined(first, second) for first, second in pairwise(words) if second.joins == "hyphen")
    return frozenset(_telling([*(word.stem for word in words), *(stem for stem in as_one if stem)]))


_PARTS = re.compile(r"[\"“”„«»]([^\"“”„«»]*)(?:[\"“”„«»]|$)|([^\s\"“”„«»]+)")
_APART = " . "  # no phrase goes on from one of these to the next


def _text(paper: Paper) -> str:
    parts = (paper.title, paper.abstract, *paper.authors, paper.organization or "", *paper.keywords)
    return _APART.join(parts)


def _telling(stems: Iterable[str]) -> tuple[str, ...]:
    return tuple(stem for stem in stems if stem not in FUNCTION_WORDS)
