"""What a reader gets on one day: the picks, the reasons, and the batches it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from paperround.batches import BatchRecord
from paperround.papers import Paper
from paperround.subscribers import Subscriber


class Section(StrEnum):
    """The parts of a digest, in the order in which they are read."""

    FOR_YOU = "for_you"
    AUTHORS = "authors"
    LATE = "late"
    TRENDING = "trending"
    MORE = "more"  # what did not fit, a title line each


class How(StrEnum):
    """In which way a paper speaks of an interest."""

    WORDS = "words"  # it holds the keyword, or the name
    SCATTERED = "scattered"  # it holds the words of a phrase apart, or enough of those of a sentence
    MEANING = "meaning"  # a model finds it near, whatever its words are
    RESEMBLING = "resembling"  # it does not meet the interest, but is like papers that do


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One interest that a paper met, or that it resembles papers on.

    `term` is the interest as the reader wrote it, `where` the fields it was found in ("title",
    "abstract", "keywords", "authors", "categories", "organization"), `forms` what is written there,
    `weight` its share of the relevance, the shares of one pick adding up to 1 or a little less.
    """

    term: str
    where: tuple[str, ...]
    forms: tuple[str, ...] = ()
    how: How = How.WORDS
    weight: float

    def entry(self) -> dict[str, object]:
        """Return the match as data, as the ledger keeps it and scripts read it."""
        return {
            "term": self.term,
            "where": list(self.where),
            "forms": list(self.forms),
            "how": self.how.value,
            "weight": self.weight,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One paper chosen for one reader.

    `announced` is the day on which its source listed it; `relevance` lies between 0 and 1;
    `reasons` are sentences for people, the first of them the one to show.
    """

    paper: Paper
    section: Section
    relevance: float
    announced: date
    matched: tuple[Match, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one subscriber gets on one day.

    `picks` are shown in full, `titles` as a line each. `considered` papers were looked at;
    `rejected` counts those that are in neither, by reason. `remark` says, for people, what was not
    as it should be when they were ranked.
    """

    subscriber: Subscriber
    day: date
    picks: tuple[Pick, ...]
    titles: tuple[Pick, ...]
    batches: tuple[BatchRecord, ...]
    considered: int
    rejected: Mapping[str, int]
    remark: str = ""
