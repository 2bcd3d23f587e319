"""The words of each paper, and which papers hold those that somebody looks for.

Both databases can look for a word between blanks, and need no index of their own kind for it: a scan of
100,000 papers takes half a second. See docs/decisions/0010-words-beside-the-papers.md.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, or_

from paperround import searching
from paperround.papers import Paper
from paperround.searching import Spellings
from paperround.store.engine import insert
from paperround.store.tables import words


def keep_words(connection: Connection, papers: Iterable[Paper]) -> None:
    """Enter the words of these papers, in place of what they were before."""
    rows = [{"paper": paper.id, "stems": written(paper)} for paper in papers]
    if rows:
        statement = insert(words)
        kept = {"stems": statement.excluded.stems}
        connection.execute(statement.on_conflict_do_update(index_elements=["paper"], set_=kept), rows)


def written(paper: Paper) -> str:
    """Return the stems of a paper's words, each once, with a blank on either side of each."""
    return f" {' '.join(sorted(searching.stems(paper)))} "


def hold(wanted: Spellings) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions that a row of `words` holds one spelling of each."""
    for spellings in wanted:
        ways = [[words.c.stems.contains(f" {stem} ", autoescape=True) for stem in each] for each in spellings]
        # Of a phrase without a word that says something nothing is kept that could be looked for.
        if all(ways):
            yield or_(*(and_(*way) for way in ways))
