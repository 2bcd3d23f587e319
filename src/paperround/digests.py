"""What a reader gets on one day: the picks, the reasons, and the batches it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from paperround.batches import BatchRecord
from paperround.papers import Paper, PaperId
from paperround.subscribers import Subscriber


class Section(StrEnum):
    """The parts of a digest, in the order in which they are read."""

    FOR_YOU = "for_you"
    AUTHORS = "authors"
    LATE = "late"
    TRENDING = "trending"
    UPDATES = "updates"  # later versions of papers that the reader had
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


class Bar(StrEnum):
    """What keeps a paper that deserves a place from having one."""

    TWIN = "much like a paper shown"
    QUOTA = "beyond a keyword's at_most"
    VARIETY = "passed over for variety"
    NO_ROOM = "no room"
    MAIL_FULL = "the mail was full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindrance:
    """What kept a paper from a place, and which papers have the places instead, the decisive one last.

    `keyword` is the one whose quota is used up; `likeness`, from 0 to 1, is how alike the paper and the
    decisive one are, where that decided; `short_by` is how much less relevant it is than that one.
    """

    bar: Bar
    by: tuple[PaperId, ...] = ()
    keyword: str | None = None
    likeness: float | None = None
    short_by: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One paper chosen for one reader.

    `announced` is the day on which its source listed it, `late` whether the reader's last digest should
    have had it; `relevance` lies between 0 and 1. `follows` are those of its authors whom the reader
    follows, `version` is that of an update; `hindrance` says of a title line why it is not shown in full.
    `reasons` say all this in sentences, in English, for the ledger: the first of them is the one to show.
    """

    paper: Paper
    section: Section
    relevance: float
    announced: date
    matched: tuple[Match, ...] = ()
    reasons: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    late: bool = False
    version: int | None = None
    hindrance: Hindrance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one subscriber gets on one day.

    `picks` are shown in full, `titles` as a line each. `considered` papers were looked at;
    `rejected` counts those that are in neither, by reason. `remark` says, for people, what was not
    as it should be when they were ranked, and of a mail without papers why it has none. `days_away` are
    the days that it makes up for where a pause kept it back for more than a week, else 0.
    """

    subscriber: Subscriber
    day: date
    picks: tuple[Pick, ...]
    titles: tuple[Pick, ...]
    batches: tuple[BatchRecord, ...]
    considered: int
    rejected: Mapping[str, int]
    remark: str = ""
    days_away: int = 0


def as_shown(digest: Digest, *, only_title: int, left_out: int) -> Digest:
    """Return the digest as a mail shows it that had to be made shorter.

    Left out are the last title lines, then the last picks; of the picks that remain, the last are shown
    by their titles alone.
    """
    if not (only_title or left_out):
        return digest
    titles = digest.titles[: max(0, len(digest.titles) - left_out)]
    kept = digest.picks[: len(digest.picks) - max(0, left_out - len(digest.titles))]
    full = len(kept) - only_title
    return replace(
        digest,
        picks=kept[:full],
        titles=(*map(_by_its_title, kept[full:]), *titles),
        rejected={**digest.rejected, Bar.MAIL_FULL: left_out} if left_out else digest.rejected,
    )


def _by_its_title(pick: Pick) -> Pick:
    return replace(
        pick,
        section=Section.MORE,
        hindrance=Hindrance(bar=Bar.MAIL_FULL),
        reasons=(Bar.MAIL_FULL.value, *pick.reasons),
    )
