"""The page that says how it stands, in a real browser: judged, at every width, without scripts."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser
from tests.browser.conftest import Judge
from tests.fakes.overviews import NOW, ill
from tests.fakes.site import Site

from paperround.overview import Overview
from paperround.settings import WebSettings
from paperround.web import Server
from paperround.web.status import Lookout

pytestmark = pytest.mark.needs("chromium")

OVERVIEWS: dict[str, Callable[[], Overview]] = {
    "ill": ill,
    "empty": lambda: Overview(at=NOW, version="1"),
}


@pytest.fixture(scope="module")
def shown() -> Iterator[list[str]]:
    """The name of the overview that the page is made of: the last in the list."""
    names = ["ill"]

    def overview() -> Overview:
        return OVERVIEWS[names[-1]]()

    lookout = Lookout(overview=overview, now=lambda: NOW)
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(Site().app(lookout=lookout), WebSettings())
    running = Thread(target=lambda: asyncio.run(server.serve([listener])))
    running.start()
    names.insert(0, f"http://127.0.0.1:{listener.getsockname()[1]}/status")
    yield names
    server.should_exit = True
    running.join()
    listener.close()


@pytest.mark.parametrize(("overview", "width"), [("ill", 320), ("ill", 1200), ("empty", 320)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_stands_out(
    browser: Browser,
    shown: list[str],
    axe: Judge,
    overview: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    shown.append(overview)
    # Axe is a script, which the page's own policy would not let in.
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 700}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(shown[0])
    judged = axe(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    quiet, lettering = (
        page.locator(where).first.evaluate(f"each => getComputedStyle(each).{what}")
        for where, what in ((".aside", "color"), (".plot text", "fill"))
    )
    context.close()
    # The colour of what is written in a drawing axe cannot judge, nor of what has to be scrolled to: the
    # one is that of other texts, the other is seen where there is room.
    unseen = ("<text ", "<th ", "<td ") if width == 320 else ("<text ",)
    unsure = [each for each in judged["incomplete"] if not each["html"].startswith(unseen)]
    assert (judged["violations"], unsure) == ([], [])
    assert quiet == lettering
    expected = {"color-contrast", "heading-order", "svg-img-alt"}
    if overview != "empty" and width == 320:
        expected |= {"scrollable-region-focusable"}
    assert expected <= {each["rule"] for each in judged["passes"]}
    assert wider == 0


def test_bars_have_their_colours_and_the_policy_lets_them(browser: Browser, shown: list[str]) -> None:
    shown.append("ill")
    context = browser.new_context(viewport={"width": 1200, "height": 700}, color_scheme="light")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shown[0])
    colours = {
        kind: page.locator(f"rect.{kind}").first.evaluate("each => getComputedStyle(each).fill")
        for kind in ("sent", "waiting", "unknown", "failed", "papers")
    }
    context.close()
    assert len(set(colours.values())) == len(colours)
    assert "rgb(0, 0, 0)" not in colours.values()
    assert [each for each in said if "Content Security Policy" in each] == []
