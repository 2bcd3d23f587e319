"""What comes out the same in many mails is filled once, and comes out as if it were filled for each."""

import email
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from email import policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.digests import FOOTER, full, in_german

from paperround import installed
from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.messages import Unsubscribe, build
from paperround.papers import Paper, PaperId
from paperround.rendering import Rendered, Renderer, TemplateError
from paperround.settings import Mailbox
from paperround.subscribers import Interests, Subscriber

DAY = date(2026, 6, 16)
KEYWORDS = ("planning", "LoRA", "diffusion models", "wörds")
WORDS = st.lists(
    st.sampled_from([*KEYWORDS, "<b>", "&amp;", "{{ x }}", "{% endsame %}", ".", "=", "你好", "e\u0301"]),
    min_size=1,
    max_size=9,
).map(" ".join)


@pytest.fixture(scope="module")
def filled_each_time(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Return what renders with the same templates, of which nothing is remembered."""
    folder = tmp_path_factory.mktemp("templates")
    for path in installed.templates().glob("*.j2"):
        text = re.sub(r"\{% same (.*?)%\}", _with, path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(text.replace("{% endsame %}", "{% endwith %}"), encoding="utf-8")
    return Renderer(folder)


def _with(tag: re.Match[str]) -> str:
    named = (each if "=" in each else f"{each}={each}" for each in re.split(r",\s*", tag[1].strip()))
    return f"{{% with {', '.join(named)} %}}"


@st.composite
def digests(draw: st.DrawFn) -> list[Digest]:
    """Draw digests that have papers in common, for readers who differ."""
    papers = [
        Paper(
            id=PaperId(f"x:{number}"),
            title=draw(WORDS),
            url="https://example.org/p",
            published=DAY,
            abstract=f"{draw(WORDS)}. {draw(WORDS)}.",
            votes=draw(st.sampled_from([None, 1, 2])),
            image_url="https://example.org/i.png",
        )
        for number in range(3)
    ]
    readers = draw(
        st.lists(st.tuples(st.sets(st.sampled_from(KEYWORDS)), st.booleans()), min_size=2, max_size=4)
    )
    return [_digest(papers, sorted(terms), images=images) for terms, images in readers]


def _digest(papers: list[Paper], terms: list[str], *, images: bool) -> Digest:
    reader = Subscriber(
        address="ada@example.org",
        timezone=ZoneInfo("UTC"),
        deliver_at=time(7),
        interests=Interests(keywords=tuple(map(keyword, terms))),
        images=images,
    )
    matched = tuple(Match(term=term, where=("title",), weight=0.5) for term in terms)
    picks = [
        Pick(paper=each, section=Section.FOR_YOU, relevance=0.5, announced=DAY, matched=matched)
        for each in papers
    ]
    return Digest(
        subscriber=reader,
        day=DAY,
        picks=tuple(picks[:2]),
        titles=(replace(picks[2], section=Section.MORE),),
        batches=(),
        considered=3,
        rejected={},
    )


ALL_AT_ONCE = Renderer()


@settings(max_examples=60, deadline=None)
@given(readers=digests())
def test_each_mail_is_what_the_template_alone_gives(
    filled_each_time: Renderer, readers: list[Digest]
) -> None:
    for digest in (*readers, *map(in_german, readers), *readers):
        ours = ALL_AT_ONCE.render(digest, footer=FOOTER)
        alone = filled_each_time.render(digest, footer=FOOTER)

        assert (ours.html, ours.text) == (alone.html, alone.text)
        assert _read(ours) == [_lines(str(alone.text)), _lines(str(alone.html))]


def test_the_fullest_mail_is_what_the_template_alone_gives(filled_each_time: Renderer) -> None:
    ours, alone = (each.render(full(), footer=FOOTER) for each in (ALL_AT_ONCE, filled_each_time))

    assert (ours.html, ours.text) == (alone.html, alone.text)


def _read(rendered: Rendered) -> list[str]:
    """Return the text and the HTML as who gets the message reads them."""
    message = email.message_from_bytes(
        build(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=Mailbox(name="", address="papers@example.org"),
            recipient="ada@example.org",
            message_id="<1@example.org>",
            date=datetime(2026, 6, 16, tzinfo=UTC),
            unsubscribe=Unsubscribe(mailto="mailto:papers@example.org"),
        ),
        policy=policy.default,
    )
    return [_lines(part.get_content()) for part in message.iter_parts()]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "digest.txt.j2",
            "{{ mail.unsubscribe }}\n\n{% same mail=mail.day %}{{ mail }}{{ part }}{% endsame %}",
            r"digest\.txt\.j2, line 3: name 'part' in \{% same",
        ),
        (
            "digest.txt.j2",
            "\n{% same mail %}{% include 'footer.txt.j2' %}{% endsame %}",
            r"digest\.txt\.j2, line 2: what is included",
        ),
        ("card.mjml.j2", "\n{{ mail.subject }}", r"'mail'"),
        ("digest.txt.j2", "\n{% same mail", r"digest\.txt\.j2, line 2: "),
        ("digest.txt.j2", "\n{% same mail %}{{ mail.day | loud }}{% endsame %}", r"line 2: .*'loud'"),
    ],
)
def test_a_fragment_that_could_be_wrong_for_the_next_reader_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(TemplateError, match=message):
        Renderer(tmp_path)
