"""The page on which a reader chooses, in a real browser that runs no script of ours."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Judge
from tests.fakes.site import Site

from paperround.preferences import Rhythm
from paperround.settings import WebSettings
from paperround.subscribers import Cadence, Pause
from paperround.web import Server

pytestmark = pytest.mark.needs("chromium")

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A site at a real address; what was chosen there is forgotten by each test that needs it."""
    site = Site()
    with _serving(site) as address:
        site.link = f"{address}{site.link}"
        yield site


@contextmanager
def _serving(site: Site) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(site.app(), WebSettings())
    running = Thread(target=lambda: asyncio.run(server.serve([listener])))
    running.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    running.join()
    listener.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """The page as it is before anything was chosen, without scripts."""
    site.preferences.forget("ada@example.org")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.goto(site.link)
    yield page
    context.close()


def press(page: Page, name: str) -> None:
    """Press the button, and wait for the page that follows."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def choose_a_day(page: Page) -> None:
    page.get_by_label("Until a day of my choice").check()


def pause_without_a_day(page: Page) -> None:
    choose_a_day(page)
    press(page, "Pause")


def pause_and_read_weekly(page: Page) -> None:
    press(page, "Pause")
    page.get_by_label("Once a week").check()
    press(page, "Save")


STATES = {"a day": choose_a_day, "a mistake": pause_without_a_day, "saved": pause_and_read_weekly}


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_stands_out(
    browser: Browser, site: Site, axe: Judge, state: str | None, width: int, scheme: Scheme
) -> None:
    site.preferences.forget("ada@example.org")
    # Axe is a script, which the page's own policy would not let in.
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 700}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(site.link)
    if state:
        STATES[state](page)
    judged = axe(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert (judged["violations"], judged["incomplete"]) == ([], [])
    assert {"color-contrast", "label", "heading-order"} <= {each["rule"] for each in judged["passes"]}
    assert wider == 0


def test_a_reader_pauses_and_resumes(site: Site, page: Page) -> None:
    page.get_by_label("For 2 weeks, until Tuesday 8 December 2026").check()
    press(page, "Pause")
    assert page.get_by_role("heading", level=1).inner_text() == "Your choice is saved"
    assert site.pause == Pause(until=date(2026, 12, 8))
    press(page, "Resume the emails")
    assert site.pause is None


def test_a_reader_names_the_day_themselves(site: Site, page: Page) -> None:
    choose_a_day(page)
    page.get_by_label("The day from which emails come again").fill("2026-12-24")
    press(page, "Pause")
    assert site.pause == Pause(until=date(2026, 12, 24))


def test_a_day_that_is_missing_is_asked_for_where_it_is_to_be_typed(site: Site, page: Page) -> None:
    pause_without_a_day(page)
    field = page.get_by_label("The day from which emails come again")
    assert field.get_attribute("aria-invalid") == "true"
    described = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert described.inner_text() == "Choose a day from 25 November 2026 to 24 November 2027."
    assert site.pause is None


def test_a_reader_chooses_a_day_of_the_week(site: Site, page: Page) -> None:
    page.get_by_label("Once a week").check()
    page.get_by_label("The day of the week").select_option("Thursday")
    press(page, "Save")
    assert site.rhythm == Rhythm(cadence=Cadence.WEEKLY, days=frozenset({3}))


def test_what_belongs_to_an_option_is_seen_only_where_that_is_chosen(page: Page) -> None:
    day, weekday = page.get_by_label("The day from which"), page.get_by_label("The day of the week")
    assert not day.is_visible()
    assert not weekday.is_visible()
    choose_a_day(page)
    page.get_by_label("Once a week").check()
    assert day.is_visible()
    assert weekday.is_visible()


def test_it_can_be_done_with_the_keyboard_alone(site: Site, page: Page) -> None:
    for key in ("Tab", "ArrowDown", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert site.pause == Pause(until=date(2026, 12, 22))
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == "Your choice is saved"
    assert site.pause is None
