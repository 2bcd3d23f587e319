"""What the templates see: a digest in words, with nothing left to decide but its looks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from functools import lru_cache
from itertools import groupby
from urllib.parse import urlsplit

from paperround import translations
from paperround.digests import Digest, How, Pick, Section
from paperround.excerpts import LONGEST, telling
from paperround.keywords import Keyword, marks
from paperround.languages import N_, Language, Wording
from paperround.links import image_link, web_link
from paperround.papers import Paper
from paperround.reasons import reasons
from paperround.rendering import words
from paperround.subscribers import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What stands around the papers of every mail.

    `unsubscribe` is a web link or a mailto: link, `preferences` a web link where there is a page, and so is
    `view`, to the mail itself in a browser.
    """

    unsubscribe: str
    preferences: str | None = None
    view: str | None = None
    postal_address: str | None = None

    def __post_init__(self) -> None:
        if not self.unsubscribe.startswith(("https://", "http://", "mailto:")):
            raise ValueError(f"unsubscribe is neither a web link nor a mailto: link: {self.unsubscribe!r}")
        if not (self.preferences or "https://").startswith(("https://", "http://")):
            raise ValueError(f"preferences is no web link: {self.preferences!r}")
        if not (self.view or "https://").startswith(("https://", "http://")):
            raise ValueError(f"view is no web link: {self.view!r}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether a keyword matched it."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link under a paper."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Card:
    """A paper shown in full; what is unknown is empty or None.

    Many mails have the same card, which is then one and the same object, and known by that.

    `announced` is said of a paper from an earlier day, and `late` when it should have come before;
    `facts` are which version it is, where it is, when it was published, and whose it is. `image` is the
    address of a picture, where the reader wishes for them.
    """

    title: tuple[Piece, ...]
    plain_title: str
    url: str | None
    authors: str
    announced: str
    late: bool
    facts: tuple[str, ...]
    votes: int | None
    image: str | None
    sentence: tuple[Piece, ...]
    plain_sentence: str
    why: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A paper of which only the title is shown; one object in as many mails as a card."""

    title: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section of the mail."""

    heading: str
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Everything that a mail says, in the order in which it is read; templates add words of its `wording`."""

    wording: Wording
    subject: str
    preheader: str
    day: str
    heading: str
    summary: str
    parts: tuple[Part, ...]
    left_out: str
    batches: str
    because: str
    view: str
    preferences: str
    unsubscribe: str
    postal_address: str

    @property
    def language(self) -> Language:
        """The language that it is written in."""
        return self.wording.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """How many papers are shown with less than there is to them, so that the mail is small enough."""

    no_sentence: int = 0
    only_title: int = 0
    left_out: int = 0


NOTHING_SHORTENED = Shortened()


class Draft:
    """A digest in words, which can be had shorter and shorter."""

    def __init__(self, digest: Digest, footer: Footer) -> None:
        self._wording = translations.wording(digest.subscriber.language)
        order = list(Section)
        picks = sorted(digest.picks, key=lambda pick: order.index(pick.section))
        self._cards: list[_Entry] = [_entry(pick, digest, self._wording) for pick in picks]
        self._titles: list[_Entry] = [
            (Section.MORE, _line(pick.paper, _version(pick, self._wording))) for pick in digest.titles
        ]
        self._bare = _bare(digest, footer, picks, self._wording)
        self._steps = tuple(_steps(len(self._cards), len(self._titles)))

    @property
    def steps(self) -> int:
        """How often it can be made shorter, until nothing but the frame is left."""
        return len(self._steps)

    def mail(self, step: int) -> Mail:
        """Return the mail made shorter that many times."""
        details = self._details(step)
        entries = [
            (section, _shown(entry, detail))
            for (section, entry), detail in zip([*self._cards, *self._titles], details, strict=True)
            if detail is not _Detail.ABSENT
        ]
        absent = details.count(_Detail.ABSENT)
        left_out = self._wording.ngettext(
            "{count} more paper did not fit into this mail.",
            "{count} more papers did not fit into this mail.",
            absent,
        )
        parts = tuple(_parts(entries, self._wording))
        return replace(self._bare, parts=parts, left_out=left_out if absent else "")

    def shortened(self, step: int) -> Shortened:
        """Return what is missing from the mail made shorter that many times."""
        details = self._details(step)
        return Shortened(
            no_sentence=details.count(_Detail.SHORT),
            only_title=details[: len(self._cards)].count(_Detail.LINE),
            left_out=details.count(_Detail.ABSENT),
        )

    def _details(self, step: int) -> list["_Detail"]:
        details = [_Detail.FULL] * len(self._cards) + [_Detail.LINE] * len(self._titles)
        for index, detail in self._steps[:step]:
            details[index] = detail
        return details


def card(paper: Paper, keywords: tuple[Keyword, ...], wording: Wording, *, announced: date) -> Card:
    """Return the card of a paper outside of any mail, with the words of these keywords marked."""
    return _card(
        paper,
        keywords,
        "",
        wording,
        seen_from=announced,
        announced=announced,
        late=False,
        pictured=True,
        version="",
    )


_Entry = tuple[Section, Card | Line]


class _Detail(Enum):
    FULL = auto()
    SHORT = auto()
    LINE = auto()
    ABSENT = auto()


_HEADINGS = {
    Section.FOR_YOU: N_("For you"),
    Section.AUTHORS: N_("From authors you follow"),
    Section.LATE: N_("Late arrivals"),
    Section.TRENDING: N_("Trending"),
    Section.UPDATES: N_("Updates"),
    Section.MORE: N_("Also matched"),
}
_LONGEST_TITLE = 300
_LONGEST_LINE = 180
_LONGEST_SENTENCE = LONGEST + 2  # an ellipsis at either end
_LONGEST_REASON = 200
_LONGEST_NAME = 80


def _steps(cards: int, titles: int) -> Iterator[tuple[int, _Detail]]:
    """Return what is made shorter in turn: always the last first, and a sentence before a paper."""
    for index in reversed(range(cards)):
        yield index, _Detail.SHORT
    for index in reversed(range(cards, cards + titles)):
        yield index, _Detail.ABSENT
    for index in reversed(range(cards)):
        yield index, _Detail.LINE
    for index in reversed(range(cards)):
        yield index, _Detail.ABSENT


def _shown(entry: Card | Line, detail: _Detail) -> Card | Line:
    if isinstance(entry, Line) or detail is _Detail.FULL:
        return entry
    if detail is _Detail.SHORT:
        return replace(entry, image=None, sentence=(), plain_sentence="")
    return Line(title=words.one_line(entry.plain_title, _LONGEST_LINE), url=entry.url)


def _parts(entries: Sequence[_Entry], wording: Wording) -> Iterator[Part]:
    for section, grouped in groupby(entries, key=lambda entry: entry[0]):
        shown = [entry for _, entry in grouped]
        yield Part(
            heading=wording.gettext(_HEADINGS[section]),
            cards=tuple(entry for entry in shown if isinstance(entry, Card)),
            lines=tuple(entry for entry in shown if isinstance(entry, Line)),
        )


def _bare(digest: Digest, footer: Footer, picks: Sequence[Pick], wording: Wording) -> Mail:
    """Return the mail without its papers."""
    subscriber = digest.subscriber
    titles = [pick.paper.title for pick in picks or digest.titles]
    today = [each for each in digest.batches if each.day == digest.day]
    nothing = "" if titles else words.nothing(today, digest.considered, wording)
    day = wording.long_day(digest.day)
    cadence = Cadence.DAILY if digest.days_away else subscriber.cadence  # of no week, then
    if cadence is Cadence.WEEKLY:
        day = wording.gettext("The week to {day}", day=day)
    return Mail(
        wording=wording,
        subject=words.subject(digest.day, cadence, titles, wording),
        preheader=words.one_line(nothing, words.LONGEST_PREHEADER)
        or words.preheader(titles, subscriber.interests, wording),
        day=day,
        heading=words.heading(len(titles), wording, days_away=digest.days_away),
        summary=nothing or _summary(digest, len(titles), wording),
        parts=(),
        left_out="",
        batches=words.made_from(digest.batches, wording, seen_from=digest.day, remark=digest.remark),
        because=words.because(subscriber, wording),
        view=footer.view or "",
        preferences=footer.preferences or "",
        unsubscribe=footer.unsubscribe,
        postal_address=words.one_line(footer.postal_address or "", _LONGEST_TITLE),
    )


def _summary(digest: Digest, papers: int, wording: Wording) -> str:
    """Return how many papers were looked at; and how many there are, where the heading does not say it."""
    found = words.heading(papers, wording) if digest.days_away else ""
    return " · ".join(filter(None, (found, words.summary(digest.considered, wording))))


def _entry(pick: Pick, digest: Digest, wording: Wording) -> _Entry:
    terms = {match.term for match in pick.matched if match.how is not How.RESEMBLING}
    matched = tuple(each for each in digest.subscriber.interests.keywords if each.text in terms)
    late = pick.section is Section.LATE
    announced = pick.announced if late or pick.announced != digest.day else None
    card = _card(
        pick.paper,
        matched,
        "".join(reasons(pick, wording)[:1]),
        wording,
        seen_from=digest.day,
        announced=announced,
        late=late,
        pictured=digest.subscriber.images,
        version=_version(pick, wording),
    )
    return pick.section, card


# Many readers get the same paper for the same keywords.
@lru_cache(maxsize=8192)
def _card(
    paper: Paper,
    keywords: tuple[Keyword, ...],
    why: str,
    wording: Wording,
    *,
    seen_from: date,
    announced: date | None,
    late: bool,
    pictured: bool,
    version: str,
) -> Card:
    title = words.one_line(paper.title, _LONGEST_TITLE) or paper.id
    sentence = words.one_line(telling(paper.abstract, keywords), _LONGEST_SENTENCE)
    published = (
        "" if paper.published == announced else wording.short_day(paper.published, seen_from=seen_from)
    )
    facts = (version, _place(paper), published, words.one_line(paper.organization or "", _LONGEST_NAME))
    return Card(
        title=_pieces(title, keywords),
        plain_title=title,
        url=web_link(paper.url),
        authors=words.authors(paper.authors, wording),
        announced=wording.short_day(announced, seen_from=seen_from) if announced else "",
        late=late,
        facts=tuple(fact for fact in facts if fact),
        votes=paper.votes,
        image=image_link(paper.image_url) if pictured else None,
        sentence=_pieces(sentence, keywords),
        plain_sentence=sentence,
        why=words.one_line(why, _LONGEST_REASON),
        links=tuple(_links(paper, wording)),
    )


@lru_cache(maxsize=8192)
def _line(paper: Paper, version: str) -> Line:
    title = words.one_line(paper.title, _LONGEST_LINE) or paper.id
    return Line(title=f"{title} ({version})" if version else title, url=web_link(paper.url))


def _version(pick: Pick, wording: Wording) -> str:
    return "" if pick.version is None else wording.gettext("version {number}", number=str(pick.version))


def _pieces(text: str, keywords: tuple[Keyword, ...]) -> tuple[Piece, ...]:
    pieces = []
    end = 0
    for start, stop in marks(keywords, text) if text else ():
        pieces += [Piece(text[end:start], marked=False), Piece(text[start:stop], marked=True)]
        end = stop
    pieces.append(Piece(text[end:], marked=False))
    return tuple(piece for piece in pieces if piece.text)


def _place(paper: Paper) -> str:
    if paper.id.startswith("arxiv:"):
        return words.one_line(" ".join(("arXiv", *paper.categories[:1])), _LONGEST_NAME)
    link = web_link(paper.url)
    return words.one_line((urlsplit(link).hostname or "").removeprefix("www."), _LONGEST_NAME) if link else ""


def _links(paper: Paper, wording: Wording) -> Iterator[Link]:
    given = {
        N_("Paper"): paper.url,
        N_("PDF"): paper.pdf_url,
        N_("Code"): paper.code_url,
        N_("Project"): paper.project_url,
    }
    for label, address in given.items():
        if url := web_link(address):
            yield Link(wording.gettext(label), url)
