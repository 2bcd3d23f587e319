import struct
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.fakes import digests

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.rendering import Footer, Renderer
from paperround.subscribers import Interests, Subscriber

pytestmark = pytest.mark.needs("chromium")

DAY = date(2026, 6, 16)
DRAWN = Path(__file__).parents[2] / "var/looks"  # what the last run drew
WORD_WITHOUT_END = "Hyper" * 40


@pytest.fixture(scope="module")
def html() -> str:
    picks = [_pick(number, section) for number, section in enumerate(list(Section)[:-1])]
    digest = Digest(
        subscriber=Subscriber(
            address="ada@example.org",
            timezone=ZoneInfo("UTC"),
            deliver_at=time(7),
            interests=Interests(keywords=(keyword("paper"),)),
        ),
        day=DAY,
        picks=tuple(picks),
        titles=(_pick(9, Section.MORE),),
        batches=(
            BatchRecord(
                source=WORD_WITHOUT_END,
                day=DAY,
                state=BatchState.FRESH,
                papers=5,
                new=5,
                reason="",
                etag=None,
                fetched_at=datetime(2026, 6, 16, tzinfo=UTC),
            ),
        ),
        considered=5,
        rejected={},
    )
    footer = Footer(unsubscribe="https://papers.example.org/u/1", postal_address=WORD_WITHOUT_END)
    return Renderer().render(digest, footer=footer).html


def _pick(number: int, section: Section) -> Pick:
    return Pick(
        paper=Paper(
            id=PaperId(f"example:{number}"),
            title=f"A paper named {WORD_WITHOUT_END}",
            url="https://papers.example.org/1",
            published=date(2026, 6, 12),
            abstract=f"We show a paper of {WORD_WITHOUT_END}.",
            authors=(WORD_WITHOUT_END,) * 9,
            organization=WORD_WITHOUT_END,
            votes=3,
            pdf_url="https://papers.example.org/1.pdf",
            code_url="https://code.example.org/1",
            project_url="https://one.example.org/",
        ),
        section=section,
        relevance=0.5,
        announced=date(2026, 6, 15),
        matched=(
            Match(term="paper", where=("title",), weight=0.1),
            Match(term=WORD_WITHOUT_END, where=("title",), weight=0.9),
        ),
    )


@pytest.mark.parametrize("width", [320, 375, 600, 1200])
def test_nothing_has_to_be_scrolled_sideways(browser: Browser, html: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('p, h3')].map(e => e.clientWidth))")
    assert widest == min(width, 600) - 40
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(
    browser: Browser, html: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.set_content(html)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 40
    assert [each for each in contrasts if each["ratio"] < 4.5] == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_in_place_of_a_picture_stand_out_from_its_ground(
    browser: Browser, pictured: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.route("**/*", lambda route: route.abort())
    page.set_content(pictured, wait_until="networkidle")
    # The words are no text of the page, so they are put where the picture was, with its looks.
    page.evaluate(
        """document.querySelectorAll("img").forEach(image => {
          const {color, backgroundColor} = getComputedStyle(image);
          const words = document.createElement("b");
          words.textContent = image.alt;
          image.replaceWith(words);
          words.style.setProperty("color", color, "important");
          words.style.backgroundColor = backgroundColor;
        })"""
    )
    words = [each for each in page.evaluate(CONTRASTS) if each["text"] == "Picture of the paper"]
    page.close()
    assert len(words) == 5
    assert min(each["ratio"] for each in words) >= 4.5


def test_text_is_large_enough_to_read_and_links_to_touch(browser: Browser, html: str) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.set_content(html)
    sizes = page.evaluate(
        "[...document.querySelectorAll('p:not(.rule p), li, h1, h2, h3')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 14
    rows = page.evaluate(
        "[...document.querySelectorAll('p a')]"
        ".map(a => parseFloat(getComputedStyle(a.parentElement).lineHeight))"
    )
    assert min(rows) >= 24
    page.close()


def test_opening_a_mail_asks_nobody_for_anything(browser: Browser, html: str) -> None:
    page = browser.new_page()
    asked = _requests_of(page)
    page.set_content(html, wait_until="networkidle")
    assert asked == []
    page.set_content('<img src="http://127.0.0.1:9/">')
    assert asked == ["http://127.0.0.1:9/"]
    page.close()


@pytest.fixture(scope="module")
def pictured() -> str:
    return Renderer().render(digests.full(), footer=digests.FOOTER).html


def test_a_mail_with_pictures_asks_for_each_of_them_and_for_nothing_else(
    browser: Browser, pictured: str
) -> None:
    page = browser.new_page()
    page.route("**/*", _answer(1200, 648))
    asked = _requests_of(page)
    page.set_content(pictured, wait_until="networkidle")
    page.close()
    assert sorted(asked) == [f"https://pictures.example.org/{number}.png" for number in range(5)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 600, 1200])
@pytest.mark.parametrize("images", ["on", "off"])
def test_a_mail_is_drawn_for_somebody_to_look_at(
    browser: Browser, pictured: str, width: int, scheme: Literal["light", "dark"], images: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.route("**/*", _answer(1200, 648) if images == "on" else lambda route: route.abort())
    page.set_content(pictured, wait_until="networkidle")
    DRAWN.mkdir(parents=True, exist_ok=True)
    drawn = page.screenshot(full_page=True, path=DRAWN / f"email-{width}-{scheme}-images-{images}.png")
    page.close()
    wide, high = struct.unpack(">II", drawn[16:24])
    assert (wide, high > width) == (width, True)
    assert _ground(drawn) == ((255, 255, 255) if scheme == "light" else (23, 25, 28))


@pytest.mark.parametrize("width", [320, 375, 800])
def test_nothing_jumps_when_a_picture_arrives(browser: Browser, pictured: str, width: int) -> None:
    heights = []
    for answer in (lambda route: route.abort(), _answer(1200, 648)):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.route("**/*", answer)
        page.set_content(pictured, wait_until="networkidle")
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.close()
    assert heights[0] == heights[1]


def test_a_picture_of_other_proportions_keeps_them(browser: Browser, pictured: str) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.route("**/*", _answer(500, 500))
    page.set_content(pictured, wait_until="networkidle")
    sizes = page.evaluate("[...document.images].map(each => [each.width, each.height])")
    page.close()
    assert sizes == [[200, 200]] * 5


def _answer(width: int, height: int) -> Callable[[Route], None]:
    """Answer with a black picture of that size."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)  # a bit a pixel
    body = zlib.compress(bytes((1 + (width + 7) // 8) * height))
    chunks = [
        struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
        for kind, held in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    ]
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return lambda route: route.fulfill(body=picture, content_type="image/png")


def _ground(drawn: bytes) -> tuple[int, ...]:
    """Return the colour of the first pixel of a PNG, which no filter changes."""
    body, at = b"", 8
    while at < len(drawn):
        (length,) = struct.unpack(">I", drawn[at : at + 4])
        if drawn[at + 4 : at + 8] == b"IDAT":
            body += drawn[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(body)[1:4])


def _requests_of(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


# The contrast of each piece of text with the nearest ground that is painted, as WCAG 2 reckons it.
CONTRASTS = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [x, y, z] = [r, g, b].map(c => linear(c / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const painted = channels(getComputedStyle(e).backgroundColor);
      if (painted.length === 3) return painted;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const ink = channels(getComputedStyle(element).color);
    const pair = [ink, ground(element)].map(light).sort((a, b) => b - a);
    found.push({text: text.slice(0, 30), ratio: (pair[0] + 0.05) / (pair[1] + 0.05)});
  }
  return found;
}"""
