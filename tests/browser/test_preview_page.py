"""The preview's page in a real browser, served by the command."""

import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Frame, Page, expect
from tests.fakes.studio import FOOTER, Studio, address_of, command, footer_with, studio

pytestmark = pytest.mark.needs("chromium")

FRAMES = ("Phone", "Phone, dark", "Desktop", "Desktop, dark")
PATIENCE = 30_000  # milliseconds, for a machine with much else to do


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where a preview is served of which nothing changes."""
    with command(studio(tmp_path_factory.mktemp("studio")).folder) as process:
        yield address_of(process)


@pytest.fixture
def desk(tmp_path: Path) -> Studio:
    return studio(tmp_path)


def opened(browser: Browser, address: str, *, width: int = 1440) -> Page:
    # Told of no scheme, each frame has that of the element it stands in; told of one, all have that.
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="null")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def frame(page: Page, name: str) -> Frame:
    found = page.get_by_title(name, exact=True).element_handle()
    assert found is not None
    inside = found.content_frame()
    assert inside is not None
    return inside


def save(page: Page, saving: Callable[[], None], expected: str) -> None:
    """Save until the page shows what is expected: what is saved before it follows is not noticed."""
    for _ in range(6):
        saving()
        try:
            expect(page.locator("main")).to_contain_text(expected, timeout=PATIENCE / 3)
        except AssertionError:
            continue
        return
    pytest.fail(f"never shown: {expected}")


def test_the_mail_is_as_wide_as_a_phone_and_as_a_desktop(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    widths = {name: frame(page, name).evaluate("innerWidth") for name in FRAMES}
    assert widths == {"Phone": 375, "Phone, dark": 375, "Desktop": 660, "Desktop, dark": 660}
    for name in FRAMES:
        assert frame(page, name).get_by_role("heading", name="LoRA at work").is_visible()
        assert frame(page, name).evaluate("document.documentElement.scrollWidth") == widths[name]
    page.close()


def test_the_dark_is_dark_and_the_light_is_light(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    grounds = {
        name: frame(page, name).evaluate("getComputedStyle(document.body).backgroundColor") for name in FRAMES
    }
    assert grounds["Phone"] == grounds["Desktop"] == "rgb(255, 255, 255)"
    assert grounds["Phone, dark"] == grounds["Desktop, dark"]
    assert max(map(int, grounds["Phone, dark"][4:-1].split(","))) < 50
    page.close()


def test_the_text_stands_beside_them_with_nothing_cut(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    text = page.locator("pre")
    assert "1. LoRA at work\n" in text.inner_text()
    assert "Unsubscribe: https://" in text.inner_text()
    assert text.evaluate("each => each.scrollWidth <= each.clientWidth")
    page.close()


def test_what_is_chosen_is_shown(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    page.get_by_label("Day").select_option(label="15 June 2026")
    expect(page.get_by_role("heading", level=1)).to_contain_text("15 June · LoRA")
    page.get_by_label("Reader").select_option("grace@example.org")
    expect(page.locator(".silence")).to_contain_text("nothing matched")
    assert page.get_by_label("Day").input_value() == "2026-06-15"
    assert page.get_by_role("button").count() == 0  # it is for those who run no scripts
    page.close()


def test_a_saved_template_is_shown_where_one_was_reading(browser: Browser, desk: Studio) -> None:
    long = "<p>And so on.</p>\n" * 40
    desk.write_template(FOOTER, footer_with(f"{long}<p>Kindly yours</p>"))
    with command(desk.folder) as process:
        page = opened(browser, address_of(process), width=800)
        _to_the_end(page)
        before = _places(page)
        assert min(before) > 100
        saved = footer_with(f'{long}<p>Truly <a href="/about">yours</a></p>')
        save(page, partial(desk.write_template, FOOTER, saved), "A link leads to /about")
        page.wait_for_function("scrollY > 0")
        assert frame(page, "Phone").get_by_text("Truly yours").is_visible()
        assert _places(page) == before
        page.close()


def _to_the_end(page: Page) -> None:
    for place in (page, frame(page, "Phone")):
        place.evaluate("document.scrollingElement.scrollTo(0, document.scrollingElement.scrollHeight)")


def _places(page: Page) -> list[int]:
    return [place.evaluate("scrollY") for place in (page, frame(page, "Phone"))]


def test_what_is_at_fault_is_shown_until_it_is_mended(browser: Browser, desk: Studio) -> None:
    with command(desk.folder) as process:
        page = opened(browser, address_of(process))
        broken = footer_with("{{ mail.unsubscribed }}")
        where = f"{FOOTER}, line {len(broken.splitlines())}: "
        save(page, partial(desk.write_template, FOOTER, broken), where)
        expect(page.locator("iframe")).to_have_count(0)
        save(page, partial(desk.write_template, FOOTER, footer_with("")), "nothing to mend")
        expect(page.locator("iframe")).to_have_count(len(FRAMES))
        page.close()


def test_a_link_of_the_mail_opens_beside_the_page(browser: Browser, desk: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        here = f"http://127.0.0.1:{free.getsockname()[1]}/"
    desk.write_template(FOOTER, footer_with(f'<p><a href="{here}?day=2026-06-15">The day before</a></p>'))
    with command(desk.folder, "--port", str(httpx.URL(here).port)) as process:
        page = opened(browser, address_of(process))
        with page.expect_popup() as popup:
            frame(page, "Phone").get_by_role("link", name="The day before").click()
        expect(popup.value.get_by_role("heading", level=1)).to_contain_text("15 June · LoRA")
        assert frame(page, "Phone").get_by_role("heading", name="LoRA at work").is_visible()
        popup.value.close()
        page.close()


def test_the_end_of_the_command_is_told(browser: Browser, desk: Studio) -> None:
    with command(desk.folder) as process:
        page = opened(browser, address_of(process))
        assert page.get_by_role("status").is_hidden()
        process.send_signal(signal.SIGINT)
        expect(page.get_by_role("status")).to_contain_text("The preview has ended.", timeout=PATIENCE)
        page.close()


@pytest.mark.parametrize("width", [320, 390, 800, 1440])
def test_the_page_is_never_wider_than_the_screen(browser: Browser, address: str, width: int) -> None:
    page = opened(browser, address, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_nobody_is_asked_for_anything_but_the_command(browser: Browser, desk: Studio) -> None:
    desk.write_template(FOOTER, footer_with('<img src="http://127.0.0.1:9/a.png" alt="A" width="9" />'))
    with command(desk.folder) as process:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: asked.remove(request.url))
        here = address_of(process)
        page.goto(here, wait_until="load")
        assert "1 picture from elsewhere" in page.locator("main").inner_text()
        assert len(asked) >= 1 + len(FRAMES)
        assert {url.partition("?")[0] for url in asked if not url.startswith(f"{here}mails/")} <= {
            here,
            f"{here}changes",
            "data:,",
        }
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(
    browser: Browser, node_modules: Path, address: str, scheme: str
) -> None:
    context = browser.new_context(bypass_csp=True, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    page.add_script_tag(content=(node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    # The frames hold the mail, which is judged on its own.
    judged = page.evaluate("axe.run({exclude: ['iframe']}, {iframes: false})")
    context.close()
    assert [(rule["id"], node["html"]) for rule in judged["violations"] for node in rule["nodes"]] == []
    assert "color-contrast" in {rule["id"] for rule in judged["passes"]}
