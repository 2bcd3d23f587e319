"""The phrases of a mail: dates, names, counts, and the batches it was made from."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import assert_never

from paperround.batches import BatchRecord, BatchState
from paperround.excerpts import cut
from paperround.languages import Wording
from paperround.subscribers import Cadence, Interests, Subscriber

LONGEST_SUBJECT = 110
LONGEST_PREHEADER = 140


def one_line(text: str, longest: int) -> str:
    """Return the text on one line, without control characters, cut at a word.

    Text has been cleaned where it came in; what would split a line, turn the reading direction
    around or cannot be encoded must not depend on that.
    """
    return cut(" ".join(_UNPRINTABLE.sub(" ", text[: 4 * longest]).split()), longest)


def authors(names: Sequence[str], wording: Wording) -> str:
    """Return all of a few names; of many the first three, the last, and how many are between."""
    known = [name for name in (one_line(each, _LONGEST_NAME) for each in names) if name]
    if len(known) <= _ALL_AUTHORS:
        return wording.listed(known)
    return wording.ngettext(
        "{first} … {last} and {count} other",
        "{first} … {last} and {count} others",
        len(known) - _FIRST_AUTHORS - 1,
        first=", ".join(known[:_FIRST_AUTHORS]),
        last=known[-1],
    )


def subject(day: date, cadence: Cadence, titles: Sequence[str], wording: Wording) -> str:
    """Return the day, the first title and how many more there are, cut where a list of mails would cut it."""
    when = wording.short_day(day)
    if cadence is Cadence.WEEKLY:
        when = wording.gettext("Week to {day}", day=when)
    if not titles:
        return wording.gettext("{day} · no papers this time", day=when)

    def said(title: str) -> str:
        if len(titles) == 1:
            return f"{when} · {title}"
        return wording.ngettext(
            "{day} · {title} and {count} more",
            "{day} · {title} and {count} more",
            len(titles) - 1,
            day=when,
            title=title,
        )

    return said(one_line(titles[0], LONGEST_SUBJECT - len(said(""))))


def preheader(titles: Sequence[str], interests: Interests, wording: Wording) -> str:
    """Return what a list of mails shows after the subject: the next titles, or what was looked for."""
    if len(titles) > 1:
        others = "; ".join(one_line(title, 90) for title in titles[1:4])
        return one_line(wording.gettext("Also: {titles}", titles=others), LONGEST_PREHEADER)
    asked = interests_in_words(interests, wording)
    if not asked:
        return ""
    return one_line(wording.gettext("Chosen for {interests}", interests=asked), LONGEST_PREHEADER)


def heading(papers: int, wording: Wording, *, days_away: int = 0) -> str:
    """Return what stands above everything: how many papers there are, or that they are of a time away."""
    if not papers:
        return wording.gettext("No papers this time")
    if days_away:
        return wording.gettext(
            "While you were away: the best of {count} days", count=wording.number(days_away)
        )
    return wording.ngettext("{count} paper for you", "{count} papers for you", papers)


def summary(considered: int, wording: Wording) -> str:
    """Return how many papers were looked at, if any."""
    if not considered:
        return ""
    return wording.ngettext("Picked from {count} paper.", "Picked from {count} papers.", considered)


def because(subscriber: Subscriber, wording: Wording) -> str:
    """Return why somebody gets mails at all."""
    address = one_line(subscriber.address, _LONGEST_ADDRESS)
    asked = interests_in_words(subscriber.interests, wording)
    if subscriber.trending and asked:
        asked = wording.gettext("{interests}; also what is read by many", interests=asked)
    elif subscriber.trending:
        asked = wording.gettext("what is read by many")
    if not asked:
        return wording.gettext("You get this because {address} is subscribed.", address=address)
    return wording.gettext(
        "You get this because {address} asked for {interests}.", address=address, interests=asked
    )


def interests_in_words(interests: Interests, wording: Wording) -> str:
    """Return what a reader asked for, the first few of it."""
    asked = [each.text for each in interests.keywords]
    asked += [*interests.authors, *interests.categories, *interests.organizations]
    shown = [one_line(each, _LONGEST_NAME) for each in asked[:_SHOWN_INTERESTS]]
    if len(asked) == len(shown):
        return wording.listed(shown)
    return wording.ngettext(
        "{interests} and {count} more",
        "{interests} and {count} more",
        len(asked) - len(shown),
        interests=", ".join(shown),
    )


def made_from(batches: Iterable[BatchRecord], wording: Wording, *, seen_from: date, remark: str = "") -> str:
    """Return what each source gave, the richest first: its newest day, and older ones with something new.

    A remark on how the papers were ranked comes last.
    """
    by_source: dict[str, list[BatchRecord]] = {}
    for batch in sorted(batches, key=lambda each: each.day, reverse=True):
        by_source.setdefault(batch.source, []).append(batch)
    richest_first = sorted(
        by_source.values(), key=lambda days: (-days[0].new, -days[0].papers, days[0].source)
    )
    given = [_source_in_words(days, wording, seen_from) for days in richest_first]
    rest = len(given) - _SHOWN_SOURCES
    more = wording.ngettext("and {count} source more", "and {count} sources more", rest) if rest > 0 else ""
    said = wording.found(remark) or remark
    return "; ".join(part for part in (*given[:_SHOWN_SOURCES], more, said) if part)


def nothing(batches: Iterable[BatchRecord], considered: int, wording: Wording) -> str:
    """Return in one line why there is no paper: what was looked at, and which source of the day gave none."""
    silent = [
        f"{one_line(each.source, _LONGEST_NAME)}: {_nothing_of(each, wording)}"
        for each in batches
        if not considered or each.state is not BatchState.FRESH
    ][:_SHOWN_SOURCES]
    if considered:
        looked = wording.ngettext(
            "Nothing new that matches among {count} paper",
            "Nothing new that matches among {count} papers",
            considered,
        )
        silent.insert(0, looked)
    if not silent:
        return wording.gettext("Nothing new since the last mail.")
    return f"{'; '.join(silent)}."


def _nothing_of(batch: BatchRecord, wording: Wording) -> str:
    match batch.state:
        case BatchState.FRESH:
            return wording.gettext("nothing new since the last mail")
        case BatchState.PARTIAL:
            return wording.gettext("could be read only in part")
        case BatchState.QUIET:
            told = one_line(wording.found(batch.reason), _LONGEST_NAME)
            return told or wording.gettext("nothing announced")
        case BatchState.STALE:
            return wording.gettext("not announced yet")
        case BatchState.FAILED:
            return wording.gettext("could not be read")
        case _:
            assert_never(batch.state)


def _source_in_words(days: Sequence[BatchRecord], wording: Wording, seen_from: date) -> str:
    told = [days[0], *(each for each in days[1:] if each.new)][:_SHOWN_DAYS]
    name = one_line(days[0].source, _LONGEST_NAME) + (":" if days[0].state is BatchState.FAILED else "")
    return f"{name} {', '.join(_batch_in_words(each, wording, seen_from) for each in told)}"


def _batch_in_words(batch: BatchRecord, wording: Wording, seen_from: date) -> str:
    if batch.state is BatchState.FAILED:
        return wording.gettext("failed, will be tried again")
    day, papers = wording.short_day(batch.day, seen_from=seen_from), _papers_in_words(batch, wording)
    match batch.state:
        case BatchState.FRESH:
            return f"{day}: {papers}"
        case BatchState.PARTIAL:
            told = wording.gettext("{papers}, incomplete, will be tried again", papers=papers)
        case BatchState.QUIET:
            told = wording.gettext("nothing announced")
        case BatchState.STALE:
            told = wording.gettext("not announced yet")
        case _:
            assert_never(batch.state)
    return f"{day}: {told}"


def _papers_in_words(batch: BatchRecord, wording: Wording) -> str:
    papers = wording.number(batch.papers)
    if not batch.new:
        return papers
    if batch.new == batch.papers:
        return wording.ngettext("{count} new", "{count} new", batch.papers)
    return wording.ngettext(
        "{papers}, {count} of them new", "{papers}, {count} of them new", batch.new, papers=papers
    )


# Controls, separators of lines, what overrides the direction, and halves of characters.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)
_LONGEST_NAME = 60
_LONGEST_ADDRESS = 200
_ALL_AUTHORS = 5
_FIRST_AUTHORS = 3
_SHOWN_INTERESTS = 6
_SHOWN_SOURCES = 12
_SHOWN_DAYS = 7
