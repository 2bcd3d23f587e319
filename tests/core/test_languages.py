"""What the mails say, in the language of their reader."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html
from tests.fakes import digests
from tests.fakes.wording import known, words

from paperround import translations
from paperround.batches import BatchRecord, BatchState
from paperround.composing import WORDS_ALONE
from paperround.digests import Digest, How, Match, Pick, Section
from paperround.keywords import keyword
from paperround.languages import ENGLISH, Language, Wording
from paperround.papers import Paper, PaperId
from paperround.rendering import LARGEST_HTML, Footer, Rendered, Renderer, TemplateError
from paperround.rendering.words import nothing, one_line
from paperround.subscribers import Cadence, Interests

GERMAN = translations.wording(Language.GERMAN)
TUESDAY = date(2026, 6, 16)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def german(renderer: Renderer) -> Rendered:
    return renderer.render(digests.in_german(digests.full()), footer=digests.FOOTER)


@pytest.mark.parametrize(
    ("wording", "expected"),
    [
        (ENGLISH, ["Tuesday, 16 June 2026", "16 June", "16 June 2026", "1,200", "a, b and c"]),
        (GERMAN, ["Dienstag, 16. Juni 2026", "16. Juni", "16. Juni 2026", "1.200", "a, b und c"]),
    ],
)
def test_days_numbers_and_lists_are_those_of_the_language(wording: Wording, expected: Sequence[str]) -> None:
    assert [
        wording.long_day(TUESDAY),
        wording.short_day(TUESDAY, seen_from=date(2026, 1, 1)),
        wording.short_day(TUESDAY, seen_from=date(2027, 1, 1)),
        wording.number(1200),
        wording.listed(["a", "b", "c"]),
    ] == expected


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [
        (0, "0 votes", "0 Stimmen"),
        (1, "1 vote", "1 Stimme"),
        (2, "2 votes", "2 Stimmen"),
        (1200, "1,200 votes", "1.200 Stimmen"),
    ],
)
def test_counts_have_the_plural_of_the_language(count: int, english: str, german: str) -> None:
    assert ENGLISH.ngettext("{count} vote", "{count} votes", count) == english
    assert GERMAN.ngettext("{count} vote", "{count} votes", count) == german


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    assert GERMAN.gettext("nothing of {ours}", ours="that") == "nothing of that"
    assert GERMAN.ngettext("{count} whale", "{count} whales", 1200) == "1.200 whales"


def test_a_language_is_read_once() -> None:
    assert translations.wording(Language.GERMAN) is GERMAN
    assert translations.wording(Language.ENGLISH) is ENGLISH


@given(st.text().filter(lambda text: not GERMAN.found(text)))
@example("a file {that: has braces}.jsonl")
@example("")
def test_what_is_none_of_our_messages_is_said_in_english_alone(reason: str) -> None:
    quiet = replace(batch(1, BatchState.QUIET, 0), reason=reason)
    told = one_line(reason, 60)
    assert nothing([quiet], 0, ENGLISH) == f"X 1: {told or 'nothing announced'}."
    assert nothing([quiet], 0, GERMAN) == "X 1: keine neuen Einträge."


def test_a_reason_of_ours_is_said_in_the_language_of_the_reader() -> None:
    holiday = replace(batch(1, BatchState.QUIET, 0), reason="no announcement: Thanksgiving")
    assert nothing([holiday], 0, GERMAN) == "X 1: keine neuen Einträge: Thanksgiving."


@given(st.text())
def test_what_fills_a_message_is_never_filled_itself(title: str) -> None:
    wording = Wording(language=Language.GERMAN, catalogue=NullTranslations())
    assert wording.gettext("Also: {titles}", titles=title) == f"Also: {title}"


@given(st.dates(min_value=date(2000, 1, 1)), st.integers(min_value=-800, max_value=800))
def test_a_day_has_its_year_where_it_is_not_the_year_it_is_seen_from(day: date, later: int) -> None:
    seen_from = day + timedelta(days=later)
    for wording in (ENGLISH, GERMAN):
        told = wording.short_day(day, seen_from=seen_from)
        assert told.startswith(wording.short_day(day))
        assert told.endswith(str(day.year)) == (day.year != seen_from.year)


def test_the_language_is_named_where_programs_that_read_aloud_look(renderer: Renderer) -> None:
    page = html.document_fromstring(german(renderer).html)
    assert page.get("lang") == "de"
    assert cast("list[str]", page.xpath("//body/div[@role='article']/@lang")) == ["de"]


def test_a_mail_that_was_made_shorter_says_so_in_the_language_of_its_reader(renderer: Renderer) -> None:
    digest = digests.in_german(digests.full())
    out = renderer.render(replace(digest, titles=digest.titles * 400), footer=digests.FOOTER)
    assert len(out.html.encode()) <= LARGEST_HTML
    assert re.search(r"\n\d+ weitere Artikel passten nicht in diese E-Mail\.\n", out.text)


def test_a_whole_mail_is_in_the_language_of_its_reader(renderer: Renderer) -> None:
    out = german(renderer)
    page = html.document_fromstring(out.html)

    def texts(path: str) -> list[str]:
        return [" ".join(each.text_content().split()) for each in cast("list[Any]", page.xpath(path))]

    assert out.subject.startswith("16. Juni · Planning with LoRA")
    assert out.subject.endswith(" und 5 weitere")
    assert texts("//body/div[1]")[0].startswith("Außerdem: A bare paper; Planning")
    assert texts("//h1") == ["6 Artikel für Sie"]
    assert texts("//h2") == [
        "Für Sie",
        "Von Autorinnen und Autoren, denen Sie folgen",
        "Nachzügler",
        "Viel beachtet",
        "Neue Versionen",
        "Außerdem passend",
    ]
    batches, because, ways_out = texts("//p")[-3:]
    assert batches == "Zusammengestellt aus arXiv 16. Juni: 555 neu."
    assert because.endswith("diese Interessen eingetragen sind: planning, LoRA und Ada Example.")
    assert ways_out == "Pausieren oder Auswahl ändern · Abbestellen · 1 Example Street, London"
    assert "\nAUSSERDEM PASSEND\n" in out.text
    assert "   gelistet am 15. Juni · arXiv cs.CL · 12. Juni · Example Institute" in out.text


@pytest.mark.parametrize("cadence", list(Cadence))
def test_in_a_mail_in_another_language_nothing_of_ours_stays_english(
    renderer: Renderer, cadence: Cadence
) -> None:
    full = of_nothing_but_x(cadence)
    told: set[str] = set()
    empty = replace(full, picks=(), titles=())
    for digest in (
        full,
        replace(full, picks=(), days_away=9),
        empty,
        replace(empty, considered=0, batches=()),
    ):
        out = renderer.render(digest, footer=Footer(unsubscribe="https://x.xx/x", postal_address="x"))
        read = cast("list[str]", html.document_fromstring(out.html).xpath("//text()[not(parent::style)]"))
        told |= words(" ".join([out.subject, out.text, *read]))
    ours = {word for word in told if not re.fullmatch("X+|HTTPS", word)}
    assert len(ours) > 60
    assert ours - known(Language.GERMAN) == set()


def of_nothing_but_x(cadence: Cadence) -> Digest:
    """Return a digest that needs all our words, and whose papers, sources and reader have but one letter."""
    matches = [
        Match(term="xxx", where=(where,), forms=(form,), how=how, weight=0.5)
        for how, where, form in product(How, FIELDS, ("xxx", "xx"))
    ]
    plain = Pick(paper=X, section=Section.FOR_YOU, relevance=0.5, announced=TUESDAY - timedelta(days=1))
    return Digest(
        subscriber=replace(
            digests.READER,
            address="x@x.xx",
            language=Language.GERMAN,
            cadence=cadence,
            interests=Interests(keywords=tuple(keyword("x" * length) for length in range(3, 11))),
            trending=1,
        ),
        day=TUESDAY,
        picks=(
            *(replace(plain, matched=(match,)) for match in matches),
            *(replace(plain, section=section) for section in Section),
            replace(plain, section=Section.AUTHORS, follows=("X", "Xx")),
            replace(plain, section=Section.LATE, late=True),
            replace(plain, section=Section.UPDATES, version=2),
        ),
        titles=(replace(plain, section=Section.MORE, version=2),),
        batches=tuple(
            batch(number, state, new) for number, (state, new) in enumerate(product(BatchState, (0, 2, 3)))
        ),
        considered=9,
        rejected={},
        remark=WORDS_ALONE,
    )


FIELDS = ("title", "abstract", "keywords", "categories", "organization")
X = Paper(
    id=PaperId("xx:x"),
    title="Xx",
    url="https://x.xx/x",
    published=date(2026, 6, 12),
    authors=("X",) * 9,
    votes=2,
    pdf_url="https://x.xx/x",
    code_url="https://x.xx/x",
    project_url="https://x.xx/x",
)


def batch(number: int, state: BatchState, new: int) -> BatchRecord:
    return BatchRecord(
        source=f"X {number}",
        day=TUESDAY,
        state=state,
        papers=3,
        new=new,
        reason="said for operators alone",
        etag=None,
        fetched_at=datetime(2026, 6, 16, tzinfo=UTC),
    )


def test_templates_of_the_operators_say_our_words_and_their_own(tmp_path: Path) -> None:
    template = '<p>{{ _("Unsubscribe") }}, {{ _("bye {name}", name=mail.day) }}: {{ mail.unsubscribe }}</p>'
    (tmp_path / "footer.mjml.j2").write_text(template)
    page = html.document_fromstring(german(Renderer(tmp_path)).html)
    last = cast("list[Any]", page.xpath("//p"))[-1].text_content()
    assert last == f"Abbestellen, bye Dienstag, 16. Juni 2026: {digests.FOOTER.unsubscribe}"


def test_a_message_of_the_operators_that_cannot_be_filled_is_named(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text('<p>{{ _("bye {name}", nmae=mail.day) }}</p>')
    with pytest.raises(TemplateError, match=r"footer\.mjml\.j2, line 1: 'name'"):
        Renderer(tmp_path)


def test_what_a_message_is_filled_with_is_escaped(renderer: Renderer) -> None:
    digest = digests.full()
    reader = replace(digest.subscriber, address='"<b>"@example.org', language=Language.GERMAN)
    out = renderer.render(replace(digest, subscriber=reader), footer=digests.FOOTER)
    assert "weil für &#34;&lt;b&gt;&#34;@example.org diese" in out.html
