"""One's digests as a feed that programs read: Atom (RFC 4287)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree, html

from paperround.languages import Language
from paperround.rendering import Card, Line, Mail, Part, Piece

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A digest of the feed; `id` stays the same for ever, and `link` leads to it in a browser."""

    id: str
    updated: datetime
    link: str
    mail: Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed, the latest entry first; `address` is where it is to be had, `author` who writes it."""

    id: str
    address: str
    title: str
    author: str
    language: Language
    updated: datetime
    entries: tuple[Entry, ...]


def written(feed: Feed) -> bytes:
    """Return the feed as XML in UTF-8."""
    root = etree.Element(_name("feed"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # it has no prefix
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.language)
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(feed.updated))
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=feed.address)
    _add(_add(root, "author"), "name", feed.author)
    for each in feed.entries:
        entry = _add(root, "entry")
        _add(entry, "id", each.id)
        _add(entry, "title", each.mail.subject)
        _add(entry, "updated", _moment(each.updated))
        _add(entry, "link", rel="alternate", type="text/html", href=each.link)
        _add(entry, "content", markup(each.mail), type="html")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def markup(mail: Mail) -> str:
    """Return what a mail says of its papers as HTML without any style."""
    body = html.Element("div")
    if mail.summary:
        _put(body, "p", mail.summary)
    for part in mail.parts:
        _put(body, "h2", part.heading)
        _put_papers(body, part, mail)
    return str(html.tostring(body, encoding="unicode"))


# What no XML may hold: https://www.w3.org/TR/xml/#charsets
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _put_papers(body: html.HtmlElement, part: Part, mail: Mail) -> None:
    cards = _put(body, "ol") if part.cards else body
    for card in part.cards:
        _put_card(_put(cards, "li"), card, mail)
    lines = _put(body, "ul") if part.lines else body
    for line in part.lines:
        _put_title(_put(lines, "li"), line)


def _put_card(item: html.HtmlElement, card: Card, mail: Mail) -> None:
    _put_title(_put(item, "p"), card)
    told = (card.authors, " · ".join(_facts(card, mail)))
    for line in filter(None, told):
        _put(item, "p", line)
    if card.sentence:
        _put_pieces(_put(item, "p"), card.sentence)
    if card.why:
        _put(item, "p", f"{mail.wording.gettext('Why:')} {card.why}")
    if card.links:
        links = _put(item, "p")
        for link in card.links:
            _put(links, "a", link.label, href=link.url).tail = " "


def _facts(card: Card, mail: Mail) -> Iterator[str]:
    if card.announced:
        yield mail.wording.gettext("announced {day}", day=card.announced)
    yield from card.facts
    if card.votes is not None:
        yield mail.wording.ngettext("{count} vote", "{count} votes", card.votes)


def _put_title(parent: html.HtmlElement, shown: Card | Line) -> None:
    title = shown.title if isinstance(shown, Line) else shown.plain_title
    if shown.url:
        _put(parent, "a", title, href=shown.url)
    else:
        parent.text = _legal(title)


def _put_pieces(parent: html.HtmlElement, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        _put(parent, "b" if piece.marked else "span", piece.text)


def _put(parent: html.HtmlElement, tag: str, text: str = "", **attributes: str) -> html.HtmlElement:
    element = html.Element(tag, {name: _legal(value) for name, value in attributes.items()})
    element.text = _legal(text)
    parent.append(element)
    return element


def _add(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(
        parent, _name(tag), {name: _legal(value) for name, value in attributes.items()}
    )
    element.text = _legal(text) or None
    return element


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
