"""The page on which a reader chooses, in a real browser that runs no script of ours."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from threading import Thread
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Judge
from tests.fakes.site import Site

from paperround.keywords import keyword
from paperround.preferences import Hour, Rhythm, Topics
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
    press(page, "Save how often")


def open_everything(page: Page) -> None:
    page.get_by_label("At a time of my choice").check()
    page.get_by_label("Another number").check()
    page.get_by_text("Authors, categories and organizations").click()


def too_many_papers(page: Page) -> None:
    page.get_by_label("Another number").check()
    page.get_by_label("The number of papers").fill("0")
    press(page, "Save the number")


def topics_with_mistakes(page: Page) -> None:
    page.get_by_text("Authors, categories and organizations").click()
    page.get_by_label("What you want to see").fill("frogs\n,")
    page.get_by_label("Categories of arXiv").fill("cs.XX")
    press(page, "Save the topics")


def topics_tried(page: Page) -> None:
    page.get_by_label("What you want to see").fill("frogs\nplanning + LLM")
    press(page, "Try on last week’s papers")


def topics_saved(page: Page) -> None:
    page.get_by_label("What you want to see").fill("frogs")
    press(page, "Save the topics")


STATES = {
    "a day": choose_a_day,
    "a mistake": pause_without_a_day,
    "saved": pause_and_read_weekly,
    "all open": open_everything,
    "a number": too_many_papers,
    "mistakes": topics_with_mistakes,
    "tried": topics_tried,
    "topics": topics_saved,
}


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (800, "dark")])
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
    page.get_by_label("For 2 weeks, until Tuesday, 8 December 2026").check()
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
    press(page, "Save how often")
    assert site.rhythm == Rhythm(cadence=Cadence.WEEKLY, days=frozenset({3}))


def test_a_reader_chooses_an_hour_where_they_are(site: Site, page: Page) -> None:
    page.get_by_label("At a time of my choice").check()
    page.get_by_label("The time").select_option("18:30")
    page.get_by_label("Where you are").select_option("Kolkata")
    press(page, "Save the time")
    assert site.overlay.hour == Hour(at=time(18, 30), timezone=ZoneInfo("Asia/Kolkata"))


def test_a_reader_writes_a_number_and_is_told_where_it_is_none(site: Site, page: Page) -> None:
    too_many_papers(page)
    field = page.get_by_label("The number of papers")
    assert field.evaluate("field => field === document.activeElement")
    assert field.input_value() == "0"
    field.fill("5")
    press(page, "Save the number")
    assert site.overlay.max_papers == 5


def test_a_reader_edits_what_the_papers_are_about(site: Site, page: Page) -> None:
    page.get_by_label("What you want to see").fill("frogs\nGröße + toads")
    page.get_by_label("LoRA (weight 3)").uncheck()
    press(page, "Save the topics")
    assert site.overlay.topics == Topics(keywords=(keyword("frogs"), keyword("Größe", "toads")))
    assert page.get_by_label("What you want to see").input_value() == "frogs\nGröße + toads"
    assert not page.get_by_label("LoRA (weight 3)").is_checked()
    press(page, "Back to what was set up")
    assert not site.overlay.any


def test_a_mistake_leads_to_its_list_which_is_open(page: Page) -> None:
    topics_with_mistakes(page)
    assert page.get_by_label("What you want to see").evaluate("field => field === document.activeElement")
    page.get_by_role("link", name="Line 1, “cs.XX”").click()
    described = page.get_by_label("Categories of arXiv").get_attribute("aria-describedby")
    assert described is not None
    told = [page.locator(f"#{each}").inner_text() for each in described.split()]
    assert told == [
        "One on a line, such as cs.RO",
        "Line 1, “cs.XX”: this is no category of arXiv, such as cs.CL.",
    ]
    assert page.get_by_label("Categories of arXiv").is_visible()


def test_what_was_tried_is_in_view_and_can_be_saved(site: Site, page: Page) -> None:
    topics_tried(page)
    tried = page.locator("#tried")
    assert tried.inner_text().splitlines()[0] == (
        "Of 5 papers since 24 November, 3 meet what you want to see."
    )
    assert page.evaluate("window.scrollY") > 0
    assert not site.overlay.any
    press(page, "Save the topics")
    assert site.overlay.topics == Topics(
        keywords=(keyword("LoRA", weight=3), keyword("frogs"), keyword("planning", "LLM"))
    )


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
