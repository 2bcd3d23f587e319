"""The phrases of a mail: dates, names, counts, and the batches it was made from."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from paperround.batches import BatchRecord, BatchState
from paperround.excerpts import cut
from paperround.phrases import counted, listed, short_day
from paperround.subscribers import Cadence, Interests, Subscriber

LONGEST_SUBJECT = 110
LONGEST_PREHEADER = 140


def one_line(text: str, longest: int) -> str:
    """Return the text on one line, without control characters, cut at a word.

    Text has been cleaned where it came in; what would split a line, turn the reading direction
    around or cannot be encoded must not depend on that.
    """
    return cut(" ".join(_UNPRINTABLE.sub(" ", text[: 4 * longest]).split()), longest)


def authors(names: Sequence[str]) -> str:
    """Return all of a few names; of many the first three, the last, and how many are between."""
    known = [name for name in (one_line(each, _LONGEST_NAME) for each in names) if name]
    if len(known) <= _ALL_AUTHORS:
        return listed(known)
    others = len(known) - _FIRST_AUTHORS - 1
    return f"{', '.join(known[:_FIRST_AUTHORS])} … {known[-1]} and {counted(others, 'other')}"


def subject(day: date, cadence: Cadence, titles: Sequence[str]) -> str:
    """Return the day, the first title and how many more there are, cut where a list of mails would cut it."""
    when = short_day(day) if cadence is Cadence.DAILY else f"Week to {short_day(day)}"
    if not titles:
        return f"{when} · no papers this time"
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    return f"{when} · {one_line(titles[0], LONGEST_SUBJECT - len(when) - len(more) - 3)}{more}"


def preheader(titles: Sequence[str], interests: Interests) -> str:
    """Return what a list of mails shows after the subject: the next titles, or what was looked for."""
    if len(titles) > 1:
        return one_line(f"Also: {'; '.join(one_line(title, 90) for title in titles[1:4])}", LONGEST_PREHEADER)
    asked = interests_in_words(interests)
    return one_line(f"Chosen for {asked}", LONGEST_PREHEADER) if asked else ""


def asked_for(subscriber: Subscriber) -> str:
    """Return all that a reader asked for: the first few interests, and what is read by many."""
    asked = [interests_in_words(subscriber.interests), "what is read by many" if subscriber.trending else ""]
    return listed([part for part in asked if part])


def interests_in_words(interests: Interests) -> str:
    """Return what a reader asked for, the first few of it."""
    asked = [each.text for each in interests.keywords]
    asked += [*interests.authors, *interests.categories, *interests.organizations]
    shown = [one_line(each, _LONGEST_NAME) for each in asked[:_SHOWN_INTERESTS]]
    if len(asked) > len(shown):
        return f"{', '.join(shown)} and {len(asked) - len(shown)} more"
    return listed(shown)


def made_from(batches: Iterable[BatchRecord], *, seen_from: date, remark: str = "") -> str:
    """Return what each source gave, the richest first: its newest day, and older ones with something new.

    A remark on how the papers were ranked comes last.
    """
    by_source: dict[str, list[BatchRecord]] = {}
    for batch in sorted(batches, key=lambda each: each.day, reverse=True):
        by_source.setdefault(batch.source, []).append(batch)
    richest_first = sorted(
        by_source.values(), key=lambda days: (-days[0].new, -days[0].papers, days[0].source)
    )
    given = [_source_in_words(days, seen_from) for days in richest_first]
    rest = len(given) - _SHOWN_SOURCES
    more = f"and {counted(rest, 'source')} more" if rest > 0 else ""
    return "; ".join(part for part in (*given[:_SHOWN_SOURCES], more, remark) if part)


def _source_in_words(days: Sequence[BatchRecord], seen_from: date) -> str:
    told = [days[0], *(each for each in days[1:] if each.new)][:_SHOWN_DAYS]
    name = one_line(days[0].source, _LONGEST_NAME) + (":" if days[0].state is BatchState.FAILED else "")
    return f"{name} {', '.join(_batch_in_words(each, seen_from) for each in told)}"


def _batch_in_words(batch: BatchRecord, seen_from: date) -> str:
    if batch.state is BatchState.FAILED:
        return "failed, will be tried again"
    told = {
        BatchState.FRESH: _papers_in_words(batch),
        BatchState.PARTIAL: f"{_papers_in_words(batch)}, incomplete, will be tried again",
        BatchState.QUIET: "nothing announced",
        BatchState.STALE: "not announced yet",
    }
    return f"{short_day(batch.day, seen_from=seen_from)}: {told[batch.state]}"


def _papers_in_words(batch: BatchRecord) -> str:
    if batch.new in (0, batch.papers):
        return f"{batch.papers:,} new" if batch.new else f"{batch.papers:,}"
    return f"{batch.papers:,}, {batch.new:,} of them new"


# Controls, separators of lines, what overrides the direction, and halves of characters.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)
_LONGEST_NAME = 60
_ALL_AUTHORS = 5
_FIRST_AUTHORS = 3
_SHOWN_INTERESTS = 6
_SHOWN_SOURCES = 12
_SHOWN_DAYS = 7
