"""The papers of a day, in a real browser that runs no script of ours."""

import asyncio
import socket
from collections.abc import Iterator
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Judge
from tests.fakes.reading_room import HOSTILE, LORA, ROBOTS, ReadingRoom

from paperround.settings import WebSettings
from paperround.web import Server

pytestmark = pytest.mark.needs("chromium")

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a site that shows papers."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(ReadingRoom().app(), WebSettings())
    running = Thread(target=lambda: asyncio.run(server.serve([listener])))
    running.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    running.join()
    listener.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The newest day on a phone, without scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.goto(site)
    yield page
    context.close()


def titles(page: Page) -> list[str]:
    return page.locator(".papers h2").all_inner_texts()


@pytest.mark.parametrize("path", ["/", "/?q=diffusion+model", "/2026-06-16"])
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1000, "dark")])
def test_axe_finds_nothing_and_nothing_stands_out(
    browser: Browser, site: str, axe: Judge, path: str, width: int, scheme: Scheme
) -> None:
    # Axe is a script, which the page's own policy would not let in.
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 700}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"{site}{path}")
    for folded in page.locator("summary").all()[:1]:
        folded.click()
    judged = axe(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert (judged["violations"], judged["incomplete"]) == ([], [])
    assert {"color-contrast", "label", "heading-order"} <= {each["rule"] for each in judged["passes"]}
    assert wider == 0


def test_an_abstract_unfolds_without_a_script(page: Page) -> None:
    abstract = page.get_by_text(LORA.abstract, exact=True)
    teaser = page.get_by_text("We propose LoRA for diffusion models.", exact=True)
    assert teaser.is_visible()
    assert not abstract.is_visible()
    page.locator("summary").first.click()
    assert abstract.is_visible()
    assert not teaser.is_visible()


def test_a_reader_searches_narrows_and_goes_back_a_day(page: Page) -> None:
    page.get_by_label("Title, abstract, author or keyword").fill('"that plan"')
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**q=*")
    assert titles(page) == [ROBOTS.title]
    assert page.get_by_role("heading", level=1).inner_text() == 'Papers with "that plan"'
    page.get_by_label("Title, abstract, author or keyword").fill("")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Source").select_option("Hugging Face")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**source=Hugging*")
    assert len(titles(page)) == 2
    page.get_by_role("link", name="15 June 2026").click()
    page.wait_for_url("**/2026-06-15")
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**page=2")
    assert len(titles(page)) == 10


def test_what_turns_the_reading_direction_stays_in_its_paper(page: Page) -> None:
    shown = titles(page)
    assert shown[0] == LORA.title
    assert shown[1].startswith(HOSTILE.title[:20])
    assert page.locator("script, img").count() == 0
