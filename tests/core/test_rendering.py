import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, How, Match, Pick, Section
from paperround.keywords import keyword
from paperround.languages import ENGLISH
from paperround.papers import Paper, PaperId
from paperround.phrases import counted, listed
from paperround.rendering import (
    LARGEST_HTML,
    Footer,
    Rendered,
    Renderer,
    RoundRenderer,
    Shortened,
    TemplateError,
)
from paperround.rendering.words import authors, made_from, nothing, one_line, subject
from paperround.subscribers import Cadence, Interests, Subscriber

DAY = date(2026, 6, 16)
FOOTER = Footer(unsubscribe="https://papers.example.org/u/1.abc?x=1&y=2", postal_address="1 Example Street")
SUBSCRIBER = Subscriber(
    address="ada@example.org",
    timezone=ZoneInfo("Europe/London"),
    deliver_at=time(7, 30),
    interests=Interests(keywords=(keyword("diffusion model"), keyword("LoRA")), authors=("Yann LeCun",)),
)


@cache
def renderer() -> Renderer:
    return Renderer()


def paper(number: int = 1, **more: Any) -> Paper:  # noqa: ANN401 - any field of a paper
    known: dict[str, Any] = {
        "id": PaperId(f"arxiv:2606.{number:05}"),
        "title": f"Paper {number} on diffusion models",
        "url": f"https://arxiv.org/abs/2606.{number:05}",
        "published": date(2026, 6, 12),
        "abstract": "Cats purr. We propose LoRA for cats. Dogs bark.",
        "authors": ("Ada Example", "Bo Example"),
    }
    return Paper(**(known | more))


def pick(of: Paper, section: Section = Section.FOR_YOU, announced: date = DAY) -> Pick:
    matched = tuple(
        Match(term=each.text, where=("title",), weight=0.5) for each in SUBSCRIBER.interests.keywords
    )
    return Pick(
        paper=of,
        section=section,
        relevance=0.8,
        announced=announced,
        matched=matched,
        late=True,
    )


def batch(source: str, day: date, state: BatchState, papers: int = 0, new: int = 0) -> BatchRecord:
    return BatchRecord(
        source=source,
        day=day,
        state=state,
        papers=papers,
        new=new,
        reason="",
        etag=None,
        fetched_at=datetime(2026, 6, 16, tzinfo=UTC),
    )


def digest(*picks: Pick, titles: tuple[Pick, ...] = (), subscriber: Subscriber = SUBSCRIBER) -> Digest:
    return Digest(
        subscriber=subscriber,
        day=DAY,
        picks=picks,
        titles=titles,
        batches=(batch("arXiv", DAY, BatchState.FRESH, 555, 555),),
        considered=589,
        rejected={},
    )


def rendered(
    *picks: Pick, titles: tuple[Pick, ...] = (), subscriber: Subscriber = SUBSCRIBER, days_away: int = 0
) -> Rendered:
    made = digest(*picks, titles=titles, subscriber=subscriber)
    return renderer().render(replace(made, days_away=days_away), footer=FOOTER)


def tree(of: Rendered) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(of.html)


def texts(page: lxml_html.HtmlElement, path: str) -> list[str]:
    return [" ".join(each.text_content().split()) for each in cast("list[Any]", page.xpath(path))]


FULL = paper(
    7,
    organization="Example Institute",
    votes=56,
    categories=("cs.CL", "cs.LG"),
    pdf_url="https://arxiv.org/pdf/2606.00007",
    code_url="https://code.example.org/seven",
    project_url="https://seven.example.org/",
)


# What a mail shows


def test_a_mail_has_one_h1_and_a_heading_for_each_section_and_paper() -> None:
    page = tree(
        rendered(
            replace(pick(paper(6), Section.UPDATES), version=3),
            pick(paper(3), Section.TRENDING),
            pick(paper(1)),
            pick(paper(2), Section.AUTHORS),
            pick(paper(5), Section.LATE, DAY - timedelta(1)),
            titles=(pick(paper(4), Section.MORE),),
        )
    )
    assert texts(page, "//h1") == ["5 papers for you"]
    assert texts(page, "//h2") == [
        "For you",
        "From authors you follow",
        "Late arrivals",
        "Trending",
        "Updates",
        "Also matched",
    ]
    assert texts(page, "//h3") == [f"Paper {number} on diffusion models" for number in (1, 2, 5, 3, 6)]
    assert texts(page, "//li") == ["Paper 4 on diffusion models"]


def test_a_paper_is_shown_with_everything_that_is_known_of_it() -> None:
    out = rendered(pick(FULL))
    page = tree(out)
    shown = " ".join(page.text_content().split())
    for words in (
        "Ada Example and Bo Example",
        "arXiv cs.CL · 12 June · Example Institute · ▲\xa056\xa0votes".replace("\xa0", " "),
        "We propose LoRA for cats.",
        "Why: Matches diffusion model in the title",
    ):
        assert words in shown
    links = {" ".join(a.text_content().split()): a.get("href") for a in cast("list[Any]", page.xpath("//a"))}
    assert links == {
        "Paper 7 on diffusion models": FULL.url,
        "Paper": FULL.url,
        "PDF": FULL.pdf_url,
        "Code": FULL.code_url,
        "Project": FULL.project_url,
        "Unsubscribe": FOOTER.unsubscribe,
    }


def test_what_is_not_known_of_a_paper_leaves_no_trace() -> None:
    bare = Paper(id=PaperId("x:1"), title="Bare", url="https://www.example.org/1", published=DAY)
    plain = Pick(paper=bare, section=Section.FOR_YOU, relevance=0, announced=DAY)
    out = rendered(plain)
    assert texts(tree(out), "//h3/following-sibling::p") == ["example.org · 16 June", "Paper"]
    assert "None" not in out.html + out.text
    assert "vote" not in out.html + out.text
    assert "Why" not in out.html + out.text


def test_of_the_reasons_the_first_is_shown() -> None:
    out = rendered(replace(pick(FULL), follows=("Ada Example",)))
    assert "   Why: By Ada Example, whom you follow\n" in out.text
    assert "Matches" not in out.html + out.text
    assert "Arrived" not in out.html + out.text


def test_no_votes_are_told_from_votes_that_nobody_counted() -> None:
    none, one = rendered(pick(paper(votes=0))), rendered(pick(paper(votes=1)))
    assert "0 votes" in none.text
    assert "0\xa0votes" in none.html
    assert "1 vote\n" in one.text
    assert "1\xa0vote " in one.html.replace("\n", " ")


def test_matched_words_are_marked_in_title_and_sentence() -> None:
    page = tree(rendered(pick(FULL)))
    assert texts(page, "//h3//strong") == ["diffusion models"]
    assert texts(page, "//p/strong[@class='mark']") == ["LoRA"]


def test_only_what_the_paper_was_picked_for_is_marked() -> None:
    plain = Pick(paper=FULL, section=Section.TRENDING, relevance=0, announced=DAY)
    assert texts(tree(rendered(plain)), "//strong[@class='mark']") == []
    (marked, *_) = texts(tree(rendered(pick(FULL))), "//strong[@class='mark']")
    resembling = replace(pick(FULL), matched=tuple(_resembling(each) for each in pick(FULL).matched))
    assert marked
    assert texts(tree(rendered(resembling)), "//strong[@class='mark']") == []


def _resembling(match: Match) -> Match:
    return replace(match, how=How.RESEMBLING, where=(), forms=())


def test_a_late_paper_says_when_it_was_announced() -> None:
    page = tree(rendered(pick(FULL, Section.LATE, date(2025, 12, 30))))
    assert texts(page, "//p/strong[1]")[0] == "announced 30 December 2025"


def test_one_day_is_not_told_twice_of_a_late_paper() -> None:
    out = rendered(pick(paper(published=DAY - timedelta(1)), Section.LATE, DAY - timedelta(1)))
    assert "   announced 15 June · arXiv\n" in out.text


def test_a_paper_of_the_day_does_not_say_when_it_was_announced() -> None:
    assert "announced" not in rendered(pick(FULL)).text


def test_an_update_says_which_version_it_is_in_full_and_as_a_title_line() -> None:
    update = replace(pick(FULL, Section.UPDATES), version=3)
    out = rendered(update, titles=(replace(pick(paper(8), Section.MORE), version=2),))
    assert "version 3 · arXiv" in out.text
    assert texts(tree(out), "//h3/following-sibling::p[2]")[0].startswith("version 3 · arXiv")
    assert "Paper 8 on diffusion models (version 2)" in out.text
    assert texts(tree(out), "//li") == ["Paper 8 on diffusion models (version 2)"]


def test_subject_and_preheader_name_the_first_papers_in_the_order_of_the_mail() -> None:
    out = rendered(pick(paper(2), Section.TRENDING), pick(paper(1)))
    assert out.subject == "16 June · Paper 1 on diffusion models and 1 more"
    assert texts(tree(out), "//body/div[1]") == ["Also: Paper 2 on diffusion models"]


def test_one_paper_is_not_and_more() -> None:
    out = rendered(pick(paper(1)))
    assert out.subject == "16 June · Paper 1 on diffusion models"
    assert texts(tree(out), "//h1") == ["1 paper for you"]
    assert texts(tree(out), "//body/div[1]") == ["Chosen for diffusion model, LoRA and Yann LeCun"]


def test_a_weekly_mail_speaks_of_the_week() -> None:
    weekly = Subscriber(
        address="ada@example.org", timezone=ZoneInfo("UTC"), deliver_at=time(7), cadence=Cadence.WEEKLY
    )
    out = rendered(pick(paper(1)), subscriber=weekly)
    assert out.subject == "Week to 16 June · Paper 1 on diffusion models"
    assert "The week to Tuesday, 16 June 2026" in out.text
    assert "ada@example.org is subscribed." in out.text


def test_a_mail_after_a_pause_says_of_how_many_days_it_is() -> None:
    weekly = Subscriber(
        address="ada@example.org", timezone=ZoneInfo("UTC"), deliver_at=time(7), cadence=Cadence.WEEKLY
    )
    out = rendered(pick(paper(1)), pick(paper(2)), subscriber=weekly, days_away=12)
    heading, found = "While you were away: the best of 12 days", "2 papers for you · Picked from 589 papers."
    assert texts(tree(out), "//h1 | //h1/following-sibling::p") == [heading, found]
    assert f"Tuesday, 16 June 2026\n{heading}\n{found}\n" in out.text
    assert out.subject.startswith("16 June · ")
    assert texts(tree(rendered(subscriber=weekly, days_away=12)), "//h1") == ["No papers this time"]


def test_a_mail_without_papers_is_still_a_mail() -> None:
    out = rendered()
    assert out.subject == "16 June · no papers this time"
    page = tree(out)
    why = "Nothing new that matches among 589 papers."
    assert texts(page, "//h1 | //h1/following-sibling::p") == ["No papers this time", why]
    assert texts(page, "//body/div[1]") == [why]
    assert f"No papers this time\n{why}\n" in out.text


def test_titles_alone_make_a_mail() -> None:
    out = rendered(titles=(pick(paper(1), Section.MORE), pick(paper(2), Section.MORE)))
    assert out.subject == "16 June · Paper 1 on diffusion models and 1 more"
    assert texts(tree(out), "//h2") == ["Also matched"]


def test_the_footer_says_what_why_and_how_to_end_it() -> None:
    assert texts(tree(rendered(pick(FULL))), "//p")[-3:] == [
        "Made from arXiv 16 June: 555 new.",
        "You get this because ada@example.org asked for diffusion model, LoRA and Yann LeCun.",
        "Unsubscribe · 1 Example Street",
    ]


def test_where_there_is_a_page_for_it_the_footer_leads_to_it_before_the_way_out() -> None:
    page = "https://papers.example.org/preferences/1-7-abc"
    footer = Footer(unsubscribe=FOOTER.unsubscribe, preferences=page, postal_address="1 Example Street")
    out = renderer().render(digest(pick(FULL)), footer=footer)
    assert texts(tree(out), "//p")[-1] == "Pause or change what comes · Unsubscribe · 1 Example Street"
    assert cast("list[str]", tree(out).xpath("//@href"))[-2:] == [page, FOOTER.unsubscribe]
    assert out.text.endswith(
        f"\nPause or change what comes: {page}\nUnsubscribe: {FOOTER.unsubscribe}\n1 Example Street\n"
    )


def test_where_a_mail_can_be_seen_in_a_browser_it_begins_with_the_link_to_that() -> None:
    page = "https://papers.example.org/digest/1-7-20260616-abc"
    out = renderer().render(digest(pick(FULL)), footer=replace(FOOTER, view=page))
    assert cast("list[str]", tree(out).xpath("//@href"))[0] == page
    assert texts(tree(out), f"//a[@href='{page}']") == ["View in browser"]
    assert f"\nView in browser: {page}\n\n" in out.text
    assert "View in browser" not in rendered(pick(FULL)).html + rendered(pick(FULL)).text


def test_of_many_interests_the_first_few_are_named() -> None:
    reader = Subscriber(
        address="ada@example.org",
        timezone=ZoneInfo("UTC"),
        deliver_at=time(7),
        interests=Interests(keywords=(keyword("LoRA"),), authors=tuple(f"A{n}" for n in range(9))),
    )
    told = " ".join(rendered(pick(FULL), subscriber=reader).text.split())
    assert "ada@example.org asked for LoRA, A0, A1, A2, A3, A4 and 4 more. " in told


def test_a_footer_without_a_way_out_is_refused() -> None:
    with pytest.raises(ValueError, match="unsubscribe"):
        Footer(unsubscribe="javascript:alert(1)")


def test_a_footer_whose_page_is_none_of_the_web_is_refused() -> None:
    with pytest.raises(ValueError, match="preferences"):
        Footer(unsubscribe=FOOTER.unsubscribe, preferences="javascript:alert(1)")
    with pytest.raises(ValueError, match="view"):
        Footer(unsubscribe=FOOTER.unsubscribe, view="javascript:alert(1)")


# The text part


def test_the_text_reads_as_if_it_were_the_only_part() -> None:
    out = rendered(pick(FULL), titles=(pick(paper(8), Section.MORE),))
    assert out.text == TEXT


TEXT = """\
Tuesday, 16 June 2026
1 paper for you
Picked from 589 papers.


FOR YOU

1. Paper 7 on diffusion models
   Ada Example and Bo Example
   arXiv cs.CL · 12 June · Example Institute · 56 votes

   We propose LoRA for cats.

   Why: Matches diffusion model in the title; LoRA in the title

   Paper: https://arxiv.org/abs/2606.00007
   PDF: https://arxiv.org/pdf/2606.00007
   Code: https://code.example.org/seven
   Project: https://seven.example.org/


ALSO MATCHED

2. Paper 8 on diffusion models
   https://arxiv.org/abs/2606.00008


------------------------------------------------------------------------
Made from arXiv 16 June: 555 new.

You get this because ada@example.org asked for diffusion model, LoRA and
Yann LeCun.

Unsubscribe: https://papers.example.org/u/1.abc?x=1&y=2
1 Example Street
"""


def test_the_text_is_wrapped_at_72_and_its_links_are_not() -> None:
    long = paper(title="word " * 40, abstract="word " * 50, url=f"https://example.org/{'a' * 100}")
    for line in rendered(*[pick(long)] * 12).text.splitlines():
        assert len(line) <= 72 or "https://" in line


def test_a_long_word_stays_whole_in_the_text() -> None:
    assert f"\n   {'y' * 100}\n" in rendered(pick(paper(title=f"a {'y' * 100} b"))).text


def test_what_is_escaped_in_html_is_plain_in_text() -> None:
    assert "1. R&D <for> 'cats'\n" in rendered(pick(paper(title="R&D <for> 'cats'"))).text


# What mail programs and readers need


def test_every_table_is_layout_and_the_language_is_named() -> None:
    out = rendered(pick(FULL), titles=(pick(paper(8), Section.MORE),))
    page = tree(out)
    tables = cast("list[Any]", page.xpath("//table"))
    assert len(tables) > 3
    assert {table.get("role") for table in tables} == {"presentation"}
    outlook = re.findall(r"<table[^>]*>", "".join(re.findall(r"<!--.*?-->", out.html, re.DOTALL)))
    assert all('role="presentation"' in table for table in outlook)
    assert page.get("lang") == "en"
    assert cast("list[str]", page.xpath("//body/div[@role='article']/@lang")) == ["en"]
    assert page.findtext(".//title") == out.subject


def test_nothing_is_loaded_from_elsewhere() -> None:
    out = rendered(pick(FULL))
    page = tree(out)
    assert page.xpath("//img | //link | //script | //iframe | //@background") == []
    assert not re.search(r"url\(|@import|@font-face", out.html)


PICTURE = "https://pictures.example.org/7.png"
WITH_PICTURES = replace(SUBSCRIBER, images=True)


def test_who_wishes_for_pictures_sees_that_of_each_paper_shown_in_full() -> None:
    pictured = replace(FULL, image_url=PICTURE)
    titles = (pick(paper(8, image_url=PICTURE), Section.MORE),)
    page = tree(rendered(pick(pictured), pick(paper(1)), titles=titles, subscriber=WITH_PICTURES))
    (image,) = cast("list[Any]", page.xpath("//img"))
    # Nothing is added to the address: it is the same for whoever reads the paper.
    assert (image.get("src"), image.get("alt")) == (PICTURE, "Picture of the paper")
    assert (image.get("width"), image.get("height")) == ("200", "108")
    assert "height:auto" in image.get("style")


def test_who_does_not_wish_for_pictures_asks_no_host_for_any() -> None:
    assert tree(rendered(pick(replace(FULL, image_url=PICTURE)))).xpath("//img") == []


@pytest.mark.parametrize(
    "address", ["http://example.org/a.png", "https://example.org/a.svg", "https://example.org/a", "x.png"]
)
def test_a_bad_picture_costs_the_picture_and_not_the_paper(address: str) -> None:
    page = tree(rendered(pick(replace(FULL, image_url=address)), subscriber=WITH_PICTURES))
    assert page.xpath("//img") == []
    assert texts(page, "//h3") == ["Paper 7 on diffusion models"]


def test_every_link_is_a_web_link_or_a_mailto() -> None:
    out = renderer().render(
        digest(pick(FULL)), footer=Footer(unsubscribe="mailto:stop@example.org?subject=x")
    )
    links = cast("list[str]", tree(out).xpath("//@href"))
    assert len(links) == 6
    assert all(link.startswith(("https://", "http://", "mailto:")) for link in links)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", "a b"])
def test_a_bad_link_costs_the_link_and_not_the_paper(address: str) -> None:
    bad = paper(url=address, pdf_url=address, code_url=address)
    out = rendered(pick(bad), titles=(pick(bad, Section.MORE),))
    page = tree(out)
    assert texts(page, "//h3 | //li") == ["Paper 1 on diffusion models"] * 2
    assert texts(page, "//a") == ["Unsubscribe"]


def test_a_title_keeps_its_own_direction() -> None:
    out = rendered(pick(paper(title="مرحبا بالعالم")))
    assert cast("list[str]", tree(out).xpath("//h3/@dir")) == ["auto"]


# What must not break it


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; drop </h3></td></table>",
    "{{ 7*7 }} {% for x in y %} {# no #} [[ 7*7 ]]",
    "one\r\ntwo\nBcc: x@example.org",
    "left \u202eright\u202c \u2066iso\u2069 \u2028 \x00\x1b[31m",
    "half \ud800 of a character",
    "<!-- --> <![endif]-->",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "x" * 5000,
    "مرحبا بالعالم שלום 你好 🦊",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_ever_text(text: str) -> None:
    out = hostile_mail(text)
    harmless = hostile_mail("harmless")
    assert [e.tag for e in tree(out).iter()] == [e.tag for e in tree(harmless).iter()]
    assert out.html.count("<!") == harmless.html.count("<!")
    assert out.subject.isprintable()
    assert "49" not in out.html + out.text
    assert not re.search("[\x00-\x08\x1b\u202a-\u202e\u2066-\u2069]", out.html + out.text + out.subject)
    assert out.html.encode()
    assert out.text.encode()


def hostile_mail(text: str) -> Rendered:
    every = paper(
        title=text, abstract=text, authors=(text,) * 7, organization=text, categories=(text,), votes=3
    )
    reader = Subscriber(
        address="ada@example.org",
        timezone=ZoneInfo("UTC"),
        deliver_at=time(7),
        interests=Interests(authors=(text,)),
    )
    met = Match(term=text, where=("title",), forms=(text[::-1],), weight=1)
    chosen = Pick(paper=every, section=Section.LATE, relevance=0, announced=DAY, matched=(met,))
    made = Digest(
        subscriber=reader,
        day=DAY,
        picks=(chosen,),
        titles=(chosen,),
        batches=(batch(text, DAY, BatchState.FRESH, 1, 1),),
        considered=1,
        rejected={},
    )
    return renderer().render(made, footer=Footer(unsubscribe=FOOTER.unsubscribe, postal_address=text))


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=400))
@example("diffusion models <b>diffusion model</b>")
def test_any_title_comes_out_as_it_went_in(title: str) -> None:
    expected = one_line(title, 300)
    shown = texts(tree(rendered(pick(paper(title=title)))), "//h3")
    assert "".join(shown[0].split()) == "".join((expected or "arxiv:2606.00001").split())


def test_a_title_with_nothing_printable_is_named_by_its_id() -> None:
    assert texts(tree(rendered(pick(paper(title="\u202e\x00")))), "//h3") == ["arxiv:2606.00001"]


# Its size


def heavy(number: int) -> Pick:
    return pick(
        paper(
            number,
            title="wörd & " * 700,
            abstract="Diffusion models win. " + "wörd & <b> " * 150,
            url=f"https://example.org/{'a' * 1900}",
        )
    )


def test_two_hundred_huge_papers_fit_and_the_footer_stays() -> None:
    out = rendered(*map(heavy, range(200)), titles=tuple(map(heavy, range(200, 300))))
    assert LARGEST_HTML * 0.9 < len(out.html.encode()) <= LARGEST_HTML
    page = tree(out)
    assert "Unsubscribe" in texts(page, "//a")
    shown = len(texts(page, "//h3")) + len(texts(page, "//li"))
    assert f"{300 - shown} more papers did not fit into this mail." in page.text_content()
    assert f"{300 - shown} more papers did not fit into this mail." in out.text
    assert out.shortened.left_out == 300 - shown


def test_size_is_counted_in_bytes() -> None:
    chinese = [pick(paper(number, title="论文" * 60, abstract="模型" * 140)) for number in range(80)]
    assert LARGEST_HTML * 0.97 < len(rendered(*chinese).html.encode()) <= LARGEST_HTML


def ordinary(number: int) -> Pick:
    return pick(paper(number, abstract=f"Sentence {number} is on diffusion models " + "and more " * 25))


def test_a_mail_that_is_a_little_too_long_loses_its_last_sentences_first() -> None:
    out = rendered(*map(ordinary, range(60)))
    page = tree(out)
    assert len(texts(page, "//h3")) == 60
    sentences = [number for number in range(60) if f"Sentence {number} " in out.text]
    assert 0 < len(sentences) < 60
    assert sentences == list(range(len(sentences)))
    assert out.shortened == Shortened(no_sentence=60 - len(sentences))
    assert len(out.html.encode()) > LARGEST_HTML - 1500


def test_a_card_that_is_made_shorter_loses_its_picture_with_its_sentence() -> None:
    picks = [replace(each, paper=replace(each.paper, image_url=PICTURE)) for each in map(ordinary, range(60))]
    out = rendered(*picks, subscriber=WITH_PICTURES)
    sentences = [number for number in range(60) if f"Sentence {number} " in out.text]
    assert 0 < len(sentences) < 60
    assert len(cast("list[Any]", tree(out).xpath("//img"))) == len(sentences)
    assert len(out.html.encode()) <= LARGEST_HTML


def test_a_mail_that_is_much_too_long_ends_in_title_lines() -> None:
    out = rendered(*map(ordinary, range(120)))
    page = tree(out)
    cards, lines = len(texts(page, "//h3")), len(texts(page, "//li"))
    assert (cards > 0, lines > 0, cards + lines) == (True, True, 120)
    assert out.shortened == Shortened(no_sentence=cards, only_title=lines)
    assert texts(page, "//li")[-1] == "Paper 119 on diffusion models"
    assert "did not fit" not in out.text


def test_title_lines_are_left_out_before_papers_become_title_lines() -> None:
    out = rendered(*map(ordinary, range(60)), titles=tuple(map(ordinary, range(60, 300))))
    assert len(texts(tree(out), "//h3")) == 60
    assert "did not fit" in out.text


def test_a_mail_of_the_usual_size_is_not_made_shorter() -> None:
    out = rendered(*map(ordinary, range(20)))
    assert all(f"Sentence {number} " in out.text for number in range(20))


# The operator's templates


@pytest.mark.parametrize("wrong", ["{{ {}[mail.because] }}", "{% include mail.because %}"])
def test_what_is_said_of_a_template_tells_no_address(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "digest.txt.j2").write_text(wrong)
    with pytest.raises(TemplateError) as raised:
        Renderer(tmp_path).render(digest(pick(FULL)), footer=FOOTER)
    assert "digest.txt.j2, line 1" in str(raised.value)
    assert "@" not in str(raised.value)


def test_a_file_of_the_operators_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text("<p>Bye, {{ mail.unsubscribe }}</p>")
    out = Renderer(tmp_path).render(digest(pick(FULL)), footer=FOOTER)
    assert texts(tree(out), "//p")[-1] == f"Bye, {FOOTER.unsubscribe}"
    assert texts(tree(out), "//h3") == ["Paper 7 on diffusion models"]


def test_a_template_without_a_way_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text("")
    with pytest.raises(TemplateError, match="no link to unsubscribe"):
        Renderer(tmp_path)


def test_a_colour_of_the_operators_is_used_everywhere(tmp_path: Path) -> None:
    theme = Path(__file__).parents[2] / "templates" / "theme.mjml.j2"
    changed = re.sub(r'accent = "#\w+"', 'accent = "#123456"', theme.read_text("utf-8"), count=1)
    (tmp_path / "theme.mjml.j2").write_text(changed, "utf-8")
    out = Renderer(tmp_path).render(digest(pick(FULL)), footer=FOOTER)
    assert out.html.count("#123456") > 3


def test_no_font_is_loaded_whatever_it_is_called(tmp_path: Path) -> None:
    theme = Path(__file__).parents[2] / "templates" / "theme.mjml.j2"
    changed = theme.read_text("utf-8").replace("-apple-system", "Ubuntu, Lato, Roboto")
    (tmp_path / "theme.mjml.j2").write_text(changed, "utf-8")
    out = Renderer(tmp_path).render(digest(pick(FULL)), footer=FOOTER)
    assert "font-family:Ubuntu" in out.html
    assert tree(out).xpath("//link") == []
    assert "@import" not in out.html


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("footer.mjml.j2", "<p>\n{{ mail.addres }}</p>", r"footer\.mjml\.j2, line 2: a mail has no 'addres'"),
        ("footer.mjml.j2", "<p>{{ digest.day }}</p>", r"footer\.mjml\.j2, line 1: 'digest' is undefined"),
        ("digest.txt.j2", "\n{{ mail.dya }}", r"digest\.txt\.j2, line 2: .*'dya'"),
        (
            "footer.mjml.j2",
            "\n<mj-txt>x</mj-txt>",
            r"footer\.mjml\.j2, line 2: <mj-txt> .*did you mean <mj-text>",
        ),
        ("footer.mjml.j2", "<script>x</script>", r"footer\.mjml\.j2, line 1: <script>"),
        ("footer.mjml.j2", '<mj-include path="/etc/passwd" />', r"footer\.mjml\.j2, line 1: <mj-include>"),
        (
            "footer.mjml.j2",
            "{# <x> #}\n{% if 1 < 2 %}x{% endif %}",
            r"footer\.mjml\.j2, line 2: .*write 'lt'",
        ),
        ("footer.mjml.j2", "{% if x %}", r"footer\.mjml\.j2, line 1: .*'if'"),
        ("digest.txt.j2", "x\n{% fro %}", r"digest\.txt\.j2, line 2: .*'fro'"),
        ("footer.mjml.j2", '<a href="{{ "x" }}">x</a>', r"footer\.mjml\.j2, line 1: .*quote with '"),
        ("footer.mjml.j2", "<br>\n<p>x", r"footer\.mjml\.j2, line 2: <p> is not closed"),
        ("footer.mjml.j2", "<p>x</b></p>", r"footer\.mjml\.j2, line 1: </b> closes another tag"),
        ("footer.mjml.j2", "<p>x</p>\n</p>", r"footer\.mjml\.j2, line 2: </p> closes nothing"),
        ("footer.mjml.j2", "{# <b> #}\n<p a=b>x</p>", r"footer\.mjml\.j2, line 2: .*<p> stands in quotation"),
        (
            "footer.mjml.j2",
            '\n[% include "gone.mjml.j2" %]',
            r"footer\.mjml\.j2, line 2: .*'gone\.mjml\.j2'",
        ),
        (
            "digest.txt.j2",
            "\n{% include 'gone.txt' %}",
            r"digest\.txt\.j2, line 2: there is no template 'gone\.txt'",
        ),
        ("footer.mjml.j2", '\n[% include "footer.mjml.j2" %]', r"footer\.mjml\.j2, line 2: .*recursion"),
        ("footer.mjml.j2", "[[ theme.gone ]]", r"footer\.mjml\.j2, line 1: .*'gone'"),
        ("style.mjml.j2", "<mj-style>a {}</mj-style> oops", r"style\.mjml\.j2, line 1: .*, near ' oops"),
        (
            "style.mjml.j2",
            "<mj-style>a {}</mj-style> [[ 'oo' ~ 'ps' ]]",
            r"digest\.mjml\.j2 and .*, near ' oops",
        ),
        ("style.mjml.j2", "\n[[ 'oops'.gone() ]]", r"style\.mjml\.j2, line 2: .*'gone'"),
        ("digest.txt.j2", "\n{{ mail['xy' ~ 'zzy'] }}", r"digest\.txt\.j2, line 2: .*'xyzzy'"),
        ("footer.mjml.j2", "<p>\n{{ mail.day }}{{ mail.heading + 1 }}</p>", r"footer\.mjml\.j2, line 2: can"),
        ("footer.mjml.j2", "\n{% if mail.day > 3 %}x{% endif %}", r"footer\.mjml\.j2, line 2: '>' not"),
        ("footer.mjml.j2", "<p>\n{{ 3 | dictsort }}</p>", r"footer\.mjml\.j2, line 2: 'int' object has no"),
        (
            "card.mjml.j2",
            '[% from "marked.mjml.j2" import marked %]\n[[ marked("card.gone", "") ]]',
            r"card\.mjml\.j2, line 2: .*'gone'",
        ),
    ],
)
def test_a_template_that_is_wrong_is_named_before_the_first_mail(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TemplateError, match=message):
        Renderer(tmp_path)


def test_a_template_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_bytes(b"<p>\n\xff</p>")
    with pytest.raises(TemplateError, match=r"footer\.mjml\.j2, line 2: not UTF-8"):
        Renderer(tmp_path)


def test_a_placeholder_that_mjml_would_drop_is_named(tmp_path: Path) -> None:
    ours = Path(__file__).parents[2] / "templates" / "digest.mjml.j2"
    drawn = '<mj-image src="https://example.org/x.png" width="{{ mail.day }}" />\n        <mj-divider'
    (tmp_path / "digest.mjml.j2").write_text(
        ours.read_text("utf-8").replace("<mj-divider", drawn, 1), "utf-8"
    )
    with pytest.raises(TemplateError, match=r"digest\.mjml\.j2, line \d+: MJML drops \{\{ mail.day \}\}"):
        Renderer(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere"):
        Renderer(tmp_path / "nowhere")


def test_a_template_too_large_for_any_paper_is_named(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text(f"<p>{'x' * LARGEST_HTML}</p>")
    with pytest.raises(TemplateError, match=r"digest\.mjml\.j2: a mail without papers"):
        Renderer(tmp_path).render(digest(pick(FULL)), footer=FOOTER)


# The templates of a round


LATE_ONLY = """
<p title="{{ mail.unsubscribe }}">
{% if mail.parts and mail.parts[0].heading == "Late arrivals" %}{{ mail.gone }}{% endif %}Bye</p>
"""
LATE = digest(pick(FULL, Section.LATE, DAY - timedelta(1)))


def shown(out: Rendered) -> str:
    return texts(tree(out), "//p")[-1]


def test_a_round_has_the_operators_templates_where_nothing_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text("<p title='{{ mail.unsubscribe }}'>Bye</p>")
    renderer = RoundRenderer(tmp_path)
    assert shown(renderer.render(digest(pick(FULL)), footer=FOOTER)) == "Bye"
    assert renderer.trouble is None


@pytest.mark.parametrize(
    ("name", "text", "trouble"),
    [
        ("footer.mjml.j2", "\n<p>Bye", "footer.mjml.j2, line 2: <p> is not closed"),
        ("footer.mjml.j2", "\n{% if %}", "footer.mjml.j2, line 2: "),
        ("digest.txt.j2", "\n{{ mail.gone }}", "digest.txt.j2, line 2: "),
        ("digest.txt.j2", "\n{{ 1 // 0 }}", "digest.txt.j2, line 2: "),
        ("footer.mjml.j2", f"<p>{'x' * LARGEST_HTML}</p>", "digest.mjml.j2: a mail without papers has"),
    ],
)
def test_a_round_goes_on_with_the_built_in_templates_and_says_why(
    tmp_path: Path, name: str, text: str, trouble: str
) -> None:
    (tmp_path / name).write_text(text)
    renderer = RoundRenderer(tmp_path)
    ours = RoundRenderer(None).render(digest(pick(FULL)), footer=FOOTER)
    assert [renderer.render(digest(pick(FULL)), footer=FOOTER) for _ in range(2)] == [ours, ours]
    assert str(renderer.trouble).startswith(trouble)


def test_what_fails_for_one_mail_is_used_for_no_later_one_of_the_round(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text(LATE_ONLY)
    renderer = RoundRenderer(tmp_path)
    made = [renderer.render(each, footer=FOOTER) for each in (digest(pick(FULL)), LATE, digest(pick(FULL)))]
    assert [shown(each) == "Bye" for each in made] == [True, False, False]
    assert "footer.mjml.j2, line 3: " in str(renderer.trouble)


def test_the_next_round_reads_the_operators_templates_anew(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_text("<p>{{ mail.gone }}</p>")
    renderer = RoundRenderer(tmp_path)
    renderer.render(digest(pick(FULL)), footer=FOOTER)
    (tmp_path / "footer.mjml.j2").write_text("<p title='{{ mail.unsubscribe }}'>Mended</p>")
    again = renderer.anew()
    assert shown(again.render(digest(pick(FULL)), footer=FOOTER)) == "Mended"
    assert again.trouble is None


def test_a_mail_that_no_template_can_make_is_not_the_fault_of_the_operators(tmp_path: Path) -> None:
    (tmp_path / "digest.txt.j2").write_text("Ours")
    renderer = RoundRenderer(tmp_path)
    endless = Footer(unsubscribe=f"https://example.org/{'x' * LARGEST_HTML}")
    with pytest.raises(TemplateError, match="a mail without papers"):
        renderer.render(digest(pick(FULL)), footer=endless)
    assert renderer.trouble is None
    assert renderer.render(digest(pick(FULL)), footer=FOOTER).text == "Ours"


# Words


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, ""),
        (1, "A0"),
        (2, "A0 and A1"),
        (5, "A0, A1, A2, A3 and A4"),
        (6, "A0, A1, A2 … A5 and 2 others"),
        (664, "A0, A1, A2 … A663 and 660 others"),
    ],
)
def test_many_authors_are_the_first_three_the_last_and_a_number(count: int, expected: str) -> None:
    assert authors([f"A{number}" for number in range(count)], ENGLISH) == expected


def test_authors_without_a_name_are_not_counted() -> None:
    assert authors(["", " ", "Ada"], ENGLISH) == "Ada"


def test_an_empty_day_is_told_by_what_was_looked_at_and_by_what_is_missing() -> None:
    holiday = replace(batch("arXiv", DAY, BatchState.QUIET), reason="no announcement: Thanksgiving")
    others = [
        batch("Hugging Face", DAY, BatchState.FRESH, 34, 0),
        batch("Distill", DAY, BatchState.FAILED),
        batch("Lab", DAY, BatchState.STALE),
        batch("Blog", DAY, BatchState.QUIET),
        batch("Journal", DAY, BatchState.PARTIAL, 3, 0),
    ]
    missing = (
        "arXiv: no announcement: Thanksgiving; {}Distill: could not be read; Lab: not announced yet; "
        "Blog: nothing announced; Journal: could be read only in part."
    )
    batches = [holiday, *others]
    looked = "Nothing new that matches among 42 papers; "
    assert nothing(batches, 42, ENGLISH) == looked + missing.format("")
    seen = "Hugging Face: nothing new since the last mail; "
    assert nothing(batches, 0, ENGLISH) == missing.format(seen)
    assert nothing([], 0, ENGLISH) == "Nothing new since the last mail."


@pytest.mark.parametrize("title", ["word " * 100, "x" * 500, "short"])
@pytest.mark.parametrize("cadence", list(Cadence))
def test_a_subject_is_short_and_keeps_its_number(title: str, cadence: Cadence) -> None:
    made = subject(date(2026, 9, 30), cadence, [title] * 1000, ENGLISH)
    assert len(made) <= 110
    assert made.endswith(" and 999 more")


def test_batches_are_told_richest_first_with_what_is_new_of_older_days() -> None:
    before = DAY - timedelta(1)
    batches = [
        batch("Distill", DAY, BatchState.FAILED),
        batch("Hugging Face", DAY, BatchState.FRESH, 34, 0),
        batch("arXiv", before, BatchState.FRESH, 601, 12),
        batch("arXiv", DAY, BatchState.FRESH, 555, 555),
        batch("arXiv", before - timedelta(1), BatchState.FRESH, 580, 0),
    ]
    assert made_from(batches, ENGLISH, seen_from=DAY) == (
        "arXiv 16 June: 555 new, 15 June: 601, 12 of them new; Hugging Face 16 June: 34; "
        "Distill: failed, will be tried again"
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (BatchState.QUIET, "A 31 December 2025: nothing announced"),
        (BatchState.STALE, "A 31 December 2025: not announced yet"),
        (BatchState.PARTIAL, "A 31 December 2025: 3 new, incomplete, will be tried again"),
        (BatchState.FAILED, "A: failed, will be tried again"),
    ],
)
def test_a_batch_that_is_not_whole_says_so(state: BatchState, expected: str) -> None:
    assert made_from([batch("A", date(2025, 12, 31), state, 3, 3)], ENGLISH, seen_from=DAY) == expected


def test_many_sources_are_counted_and_not_listed() -> None:
    told = made_from([batch(f"S{n}", DAY, BatchState.FRESH, 1, 1) for n in range(30)], ENGLISH, seen_from=DAY)
    assert told.endswith("; and 18 sources more")


def test_a_remark_on_the_ranking_comes_after_the_batches() -> None:
    told = made_from(
        [batch("A", DAY, BatchState.FRESH, 3, 3)], ENGLISH, seen_from=DAY, remark="by words alone"
    )
    assert told == "A 16 June: 3 new; by words alone"


def test_counts_and_lists_read_as_people_say_them() -> None:
    assert [counted(n, "paper") for n in (0, 1, 1200)] == ["0 papers", "1 paper", "1,200 papers"]
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
