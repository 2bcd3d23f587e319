"""Draw email.png: a digest on a desktop, and on a phone at night."""  # noqa: INP001 - a script, not a package

import base64
import shutil
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, sync_playwright

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.rendering import Footer, Renderer
from paperround.subscribers import Interests, Subscriber

DAY = date(2026, 6, 16)


def main() -> None:
    """Render a digest of invented papers, take two pictures of it, and put them side by side."""
    html = Renderer().render(digest(), footer=Footer(unsubscribe="https://papers.example.org/u/1")).html
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-lcd-text"]
        )
        desktop = picture(browser, html, 640, "light")
        phone = picture(browser, html, 375, "dark")
        page = browser.new_page(viewport={"width": 1110, "height": 726}, device_scale_factor=1.25)
        page.set_content(SIDE_BY_SIDE.format(desktop=desktop, phone=phone), wait_until="load")
        page.screenshot(path=Path(__file__).with_name("email.png"))
        browser.close()


def picture(browser: Browser, html: str, width: int, scheme: Literal["light", "dark"]) -> str:
    """Return the top of the mail as a data: link."""
    page = browser.new_page(
        viewport={"width": width, "height": 660}, color_scheme=scheme, device_scale_factor=1.25
    )
    page.set_content(html)
    return f"data:image/png;base64,{base64.b64encode(page.screenshot()).decode()}"


def digest() -> Digest:
    """Return a digest of papers that nobody wrote."""
    return Digest(
        subscriber=Subscriber(
            address="ada@example.org",
            timezone=ZoneInfo("Europe/London"),
            deliver_at=time(7, 30),
            interests=Interests(keywords=(keyword("diffusion model"), keyword("LoRA"), keyword("planning"))),
        ),
        day=DAY,
        picks=tuple(pick(number, *row) for number, row in enumerate(PAPERS, start=1)),
        titles=(),
        batches=(
            BatchRecord(
                source="arXiv",
                day=DAY,
                state=BatchState.FRESH,
                papers=555,
                new=555,
                reason="",
                etag=None,
                fetched_at=datetime(2026, 6, 16, tzinfo=UTC),
            ),
        ),
        considered=589,
        rejected={},
    )


def pick(number: int, title: str, abstract: str, term: str, votes: int) -> Pick:
    """Return one of the picks."""
    address = f"https://papers.example.org/{number}"
    return Pick(
        paper=Paper(
            id=PaperId(f"example:{number}"),
            title=title,
            url=address,
            published=date(2026, 6, 15),
            abstract=abstract,
            authors=("Ada Example", "Bo Example", "Cy Example", *["Someone"] * 4, "Zed Example"),
            organization="Example Institute",
            votes=votes,
            pdf_url=f"{address}.pdf",
            code_url="https://code.example.org",
        ),
        section=Section.FOR_YOU,
        relevance=0.8,
        announced=DAY,
        matched=(Match(term=term, where=("title", "abstract"), weight=1),),
        reasons=(f"Matches {term} in the title and the abstract",),
    )


PAPERS = (
    (
        "Small Steps, Sharp Pictures: Distilling Diffusion Models on One Card",
        "We show that a diffusion model can be distilled on a single consumer card in an afternoon.",
        "diffusion model",
        56,
    ),
    (
        "Which Layers Need LoRA? An Honest Count",
        "We find that LoRA on a third of the layers keeps nearly all of the gain.",
        "LoRA",
        31,
    ),
    (
        "Think, Then Drive: Planning with a Model That Can Say No",
        "We propose a planner that may refuse, for refusing early makes planning safer.",
        "planning",
        12,
    ),
)
SIDE_BY_SIDE = """
<body style="margin:0;padding:28px;background:#e9ecef;display:flex;gap:28px;align-items:flex-start">
<img src="{desktop}" width="640" style="border-radius:10px">
<img src="{phone}" width="375" style="border-radius:26px;border:5px solid #0d0e10">
</body>"""

if __name__ == "__main__":
    main()
