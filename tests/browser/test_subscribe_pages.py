"""The pages on which people subscribe by themselves, in a real browser that runs no script of ours."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Judge
from tests.fakes.front import ADDRESS, Front, text_of

from paperround.settings import WebSettings
from paperround.web import Server

pytestmark = pytest.mark.needs("chromium")

Scheme = Literal["light", "dark"]


class Door:
    """A front door at a real address, each time as if nobody had asked before."""

    def __init__(self) -> None:
        self.front = Front()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server = Server(self.front.app(), WebSettings())
        self._running = Thread(target=lambda: asyncio.run(self._server.serve([self._listener])))
        self._running.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def forget(self) -> None:
        self.front.now += timedelta(days=1)
        assert self.front.members
        self.front.members.remove(ADDRESS)
        self.front.relay.handed.clear()

    def mail(self) -> str:
        """Let the mails go out, and return where the one that did leads to."""
        # The browser is driven from a loop, and another cannot run in the same thread.
        looking = Thread(target=self.front.look)
        looking.start()
        looking.join()
        return f"{self.url}{self.front.link()}"

    def close(self) -> None:
        self._server.should_exit = True
        self._running.join()
        self._listener.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


@pytest.fixture
def door(opened: Door) -> Door:
    opened.forget()
    return opened


@pytest.fixture
def page(browser: Browser, door: Door) -> Iterator[Page]:
    """The page with the form, without scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.goto(f"{door.url}/subscribe")
    yield page
    context.close()


def press(page: Page, name: str) -> None:
    """Press the button, and wait for the page that follows."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def fill(page: Page) -> None:
    page.get_by_label("Your email address").fill(ADDRESS)
    page.get_by_label("Keywords, one on each line").fill("LoRA\ndiffusion models")


def blank(page: Page, door: Door) -> None:
    """Leave it as it is."""


def mistaken(page: Page, _: Door) -> None:
    page.get_by_label("Your email address").fill("nobody")
    press(page, "Subscribe")


def asked(page: Page, _: Door) -> None:
    fill(page)
    press(page, "Subscribe")


def questioned(page: Page, door: Door) -> None:
    asked(page, door)
    page.goto(door.mail())


def confirmed(page: Page, door: Door) -> None:
    questioned(page, door)
    press(page, "Confirm the subscription")


def used(page: Page, door: Door) -> None:
    confirmed(page, door)
    page.goto(page.url)


STATES = (blank, mistaken, asked, questioned, confirmed, used)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (800, "dark")])
def test_axe_finds_nothing_and_nothing_stands_out(
    browser: Browser, door: Door, axe: Judge, state: Callable[[Page, Door], None], width: int, scheme: Scheme
) -> None:
    # Axe is a script, which the page's own policy would not let in.
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 700}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"{door.url}/subscribe")
    state(page, door)
    judged = axe(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert (judged["violations"], judged["incomplete"]) == ([], [])
    assert "color-contrast" in {each["rule"] for each in judged["passes"]}
    assert wider == 0


def test_a_stranger_asks_and_confirms(door: Door, page: Page) -> None:
    fill(page)
    page.get_by_label("When the email should come").fill("18:15")
    page.get_by_label("Your time zone").select_option("Europe/Berlin")
    press(page, "Subscribe")
    assert heading(page) == "Look into your mailbox"
    page.goto(door.mail())
    assert page.get_by_role("listitem").all_inner_texts() == ["LoRA", "diffusion models"]
    assert "The emails come at 18:15." in page.inner_text("main")
    press(page, "Confirm the subscription")
    assert heading(page) == "You are subscribed"
    (reader,) = door.front.roll.everybody()
    assert (reader.address, str(reader.timezone)) == (ADDRESS, "Europe/Berlin")


def test_what_is_wrong_is_told_where_it_is_to_be_mended_and_nothing_typed_is_lost(page: Page) -> None:
    page.get_by_label("Your email address").fill("nobody")
    page.get_by_label("Keywords, one on each line").fill("LoRA")
    press(page, "Subscribe")
    field = page.get_by_label("Your email address")
    assert field.input_value() == "nobody"
    assert page.get_by_label("Keywords, one on each line").input_value() == "LoRA"
    described = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert described.inner_text() == "Write the address like ada@example.org."
    assert page.get_by_role("alert").is_visible()


def test_the_field_for_programs_is_neither_seen_nor_reached_by_people(page: Page) -> None:
    trap = page.locator("#website")
    box = trap.bounding_box()
    assert box is None or box["x"] + box["width"] < 0
    reached = set()
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"address", "keywords", "deliver_at", "timezone"} <= reached
    assert "website" not in reached


def test_it_can_be_done_with_the_keyboard_alone(door: Door, page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.type(ADDRESS)
    page.keyboard.press("Tab")
    page.keyboard.type("LoRA")
    page.get_by_role("button").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(door.mail())
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert heading(page) == "You are subscribed"


def test_the_page_is_in_the_language_that_the_browser_prefers(browser: Browser, door: Door) -> None:
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{door.url}/subscribe")
    assert heading(page) == "Neue Artikel per E-Mail"
    page.get_by_label("Ihre E-Mail-Adresse").fill(ADDRESS)
    page.get_by_label("Stichwörter, eines in jeder Zeile").fill("LoRA")
    press(page, "Abonnieren")
    page.goto(door.mail())
    press(page, "Abonnement bestätigen")
    assert heading(page) == "Sie sind angemeldet"
    context.close()


def test_the_mail_reads_well_and_axe_finds_nothing(browser: Browser, door: Door, axe: Judge) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.goto(f"{door.url}/subscribe")
    asked(page, door)
    door.mail()
    page.goto("about:blank")  # and out of reach of our pages' policy
    page.set_content(text_of(door.front.relay.handed[-1], "html"))
    judged = axe(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    link = page.get_by_role("link")
    assert link.inner_text() == "Confirm the subscription"
    assert link.get_attribute("href", timeout=1000) == f"https://papers.example.org{door.front.link()}"
    context.close()
    assert judged["violations"] == []
    assert wider == 0
