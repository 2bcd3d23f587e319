"""What `check` says of keywords that match too much or nothing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from paperround.config import Loaded
from paperround.config.keyword_places import Place, Wish, places
from paperround.config.problems import Problem, dotted, quoted
from paperround.keyword_advice import Advice, Phrases, advise
from paperround.keywords import is_sentence
from paperround.phrases import counted, full_day, listed, percent
from paperround.ports import Library

WEEKS = timedelta(weeks=4)  # before the newest day that is stored
MOST_PAPERS = 10_000  # the newest of them
MOST_LINES = 5  # named where a keyword stands in many places


def keyword_warnings(config: Loaded, library: Library) -> Sequence[Problem]:
    """Return a warning for each keyword that chooses little or nothing, with its place and a mend."""
    by_keyword: dict[tuple[Phrases, Wish], list[Place]] = defaultdict(list)
    for place in places(config.readers, config.settings.subscribers):
        wanted = place.keyword.phrases
        # Of a sentence that is wanted, no paper need hold all.
        if place.wish is Wish.EXCLUDED or len(wanted) > 1 or not is_sentence(wanted[0]):
            by_keyword[place.keyword.phrases, place.wish].append(place)
    newest = library.latest_day()
    if newest is None or not by_keyword:
        return ()
    listings = library.listings(newest - WEEKS, newest)
    papers = tuple({listing.paper.id: listing.paper for listing in reversed(listings)}.values())[:MOST_PAPERS]
    days = len({listing.day for listing in listings})
    advice = advise({phrases for phrases, _ in by_keyword}, papers, days=days)
    seen = f"the {counted(len(papers), 'paper')} since {full_day(listings[0].day)}"
    warnings = [
        _warning(config, written, advice[phrases], seen)
        for (phrases, wish), written in by_keyword.items()
        # That nothing is ruled out does no harm.
        if phrases in advice and (wish is Wish.WANTED or advice[phrases].share)
    ]
    return sorted(warnings, key=lambda warning: warning.line or 0)


def _warning(config: Loaded, written: Sequence[Place], advice: Advice, seen: str) -> Problem:
    first = written[0]
    does = "matches" if first.wish is Wish.WANTED else "rules out"
    share = f"{percent(advice.share)} of {seen}" if advice.share else f"none of {seen}"
    also = _also([line for line in dict.fromkeys(place.line for place in written) if line != first.line])
    return Problem(
        file=config.readers.file,
        line=first.line,
        path=dotted(first.path),
        message=f"{_written(first.keyword.phrases)} {does} {share}{also}",
        mend=_mend(advice),
    )


def _mend(advice: Advice) -> str:
    instead = [f"{_written(each.phrases)} {percent(each.share)}" for each in advice.suggestions]
    if instead:
        return f"{'narrower' if advice.share else 'these match'}: {', '.join(instead)}"
    if advice.share:
        return "write a longer phrase, or several words under all: […]"
    return "look for a slip, or leave it if such papers are rare"


def _also(lines: Sequence[int]) -> str:
    """Return the other lines on which the same keyword stands."""
    if not lines:
        return ""
    named = [f"{line:,}" for line in lines[:MOST_LINES]]
    more = [f"{len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
    return f" (also on {'line' if len(lines) == 1 else 'lines'} {listed([*named, *more])})"


def _written(phrases: Phrases) -> str:
    """Return the keyword as it is written in the file."""
    if len(phrases) == 1:
        return quoted(phrases[0])
    return f"{{all: [{', '.join(phrases)}]}}"
