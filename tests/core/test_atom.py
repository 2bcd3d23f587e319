"""A feed says what the mails say, and is what RFC 4287 asks for."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import unescape
from urllib.parse import urlsplit

import feedparser
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from tests.fakes import digests

from paperround.atom import NAMESPACE, Entry, Feed, markup, written
from paperround.languages import Language
from paperround.papers import Paper, PaperId
from paperround.rendering import Draft, Mail

EIGHT = datetime(2026, 6, 16, 8, tzinfo=timezone(timedelta(hours=2)))
ATOM = f"{{{NAMESPACE}}}"


def mail(*, german: bool = False) -> Mail:
    digest = digests.full()
    return Draft(digests.in_german(digest) if german else digest, digests.FOOTER).mail(0)


def feed(*mails: Mail, title: str = "Paper Round") -> Feed:
    return Feed(
        id="tag:example.org,2026:digests/7",
        address="https://papers.example.org/feed/1-7-abc.xml",
        title=title,
        author=title,
        language=Language.ENGLISH,
        updated=EIGHT,
        entries=tuple(
            Entry(
                id=f"mid:{number}@example.org",
                updated=EIGHT,
                link=f"https://papers.example.org/digest/{number}",
                mail=each,
            )
            for number, each in enumerate(mails)
        ),
    )


def text_of(parent: etree._Element, tag: str) -> str:
    (found,) = parent.findall(f"{ATOM}{tag}")
    return found.text or ""


def test_a_feed_and_its_entries_have_all_that_the_standard_requires() -> None:
    root = etree.fromstring(written(feed(mail(), mail())))
    assert root.tag == f"{ATOM}feed"
    for each in (root, *root.findall(f"{ATOM}entry")):
        assert urlsplit(text_of(each, "id")).scheme in {"tag", "mid"}
        assert text_of(each, "title")
        assert text_of(each, "updated") == "2026-06-16T06:00:00+00:00"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Paper Round"
    (own,) = (link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert own.get("href") == "https://papers.example.org/feed/1-7-abc.xml"
    for entry in root.findall(f"{ATOM}entry"):
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel") == "alternate"
        assert entry.find(f"{ATOM}content") is not None
    ids = [text_of(entry, "id") for entry in root.findall(f"{ATOM}entry")]
    assert len(set(ids)) == 2


def test_a_program_that_reads_feeds_reads_it() -> None:
    read = feedparser.parse(written(feed(mail())))
    assert not read.bozo
    assert (read.version, read.feed.title, read.feed.language) == ("atom10", "Paper Round", "en")
    (entry,) = read.entries
    assert entry.title == mail().subject
    assert entry.link == "https://papers.example.org/digest/0"
    assert entry.updated_parsed[:4] == (2026, 6, 16, 6)
    assert "LoRA" in entry.content[0].value


def test_an_entry_says_what_the_mail_says() -> None:
    said = mail()
    body = html.fromstring(markup(said))
    shown = " ".join("".join(map(str, body.itertext())).split())
    for part in said.parts:
        assert part.heading in shown
        for card in part.cards:
            assert card.plain_title in shown
            assert card.authors in shown
            assert card.why in shown
            assert " ".join(card.plain_sentence.split()) in shown
        for line in part.lines:
            assert line.title in shown
    links = {link.url for part in said.parts for card in part.cards for link in card.links}
    addresses = {str(each.get("href")) for each in body.iter("a")}
    assert links <= addresses
    assert not [each for each in addresses if not each.startswith("https://")]


def test_an_entry_is_in_the_language_of_its_mail() -> None:
    shown = markup(mail(german=True))
    assert "Warum:" in shown
    assert "Why:" not in shown


def test_a_feed_without_entries_is_a_feed() -> None:
    read = feedparser.parse(written(feed()))
    assert not read.bozo
    assert read.entries == []


HOSTILE = '<script>alert(1)</script> ]]> &amp; " \u202e \ufffe \x0b \x00'


def test_hostile_text_stays_text() -> None:
    paper = Paper(id=PaperId("x:1"), title=HOSTILE, url="javascript:alert(1)", published=digests.DAY)
    digest = digests.full()
    hostile = replace(digest, picks=tuple(replace(pick, paper=paper) for pick in digest.picks))
    document = written(feed(Draft(hostile, digests.FOOTER).mail(0)))
    root = etree.fromstring(document)
    content = root.findtext(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert "<script" not in content
    assert "<script>alert(1)</script>" in unescape(content)
    assert "javascript:" not in content
    assert b"<script" not in document
    assert not re.search("[\x00\x0b\u202e\ufffe]", document.decode())


@given(st.text(max_size=60))
def test_whatever_is_said_the_feed_can_be_read(text: str) -> None:
    assert (
        etree.fromstring(written(feed(replace(mail(), subject=text, summary=text), title=text))) is not None
    )


def test_moments_are_told_in_utc() -> None:
    later = replace(feed(), updated=datetime(2026, 6, 16, 8, 0, 0, 999, tzinfo=UTC))
    assert b"<updated>2026-06-16T08:00:00+00:00</updated>" in written(later)
