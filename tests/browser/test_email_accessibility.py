"""The email as assistive technology meets it, judged by axe-core in a real browser."""

from html import escape
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Judge
from tests.fakes import digests

from paperround.digests import Digest
from paperround.rendering import Renderer

pytestmark = pytest.mark.needs("chromium")

# A mail program shows a mail in a frame of its own page, and brings that page's main landmark.
MAIL_PROGRAM = """<!doctype html><html lang="en"><head><title>Mail</title></head><body><main>
<iframe title="The mail" srcdoc="{}" style="width:100%;height:3000px;border:0"></iframe>
</main></body></html>"""


def shown(browser: Browser, html: str, *, width: int, scheme: Literal["light", "dark"]) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_content(MAIL_PROGRAM.format(escape(html)))
    return page


@pytest.mark.parametrize("digest", [digests.full(), digests.empty()], ids=["full", "empty"])
@pytest.mark.parametrize("width", [375, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, axe: Judge, digest: Digest, width: int, scheme: Literal["light", "dark"]
) -> None:
    html = Renderer().render(digest, footer=digests.FOOTER).html
    page = shown(browser, html, width=width, scheme=scheme)
    judged = axe(page)
    page.close()
    assert judged["violations"] == []
    # The triangle is hidden from assistive technology, and what it means stands beside it in words.
    assert {each["html"] for each in judged["incomplete"]} <= {'<span aria-hidden="true">▲&nbsp;</span>'}
    assert {"color-contrast", "heading-order", "link-name"} <= {each["rule"] for each in judged["passes"]}


def test_alone_it_lacks_only_what_the_page_of_a_mail_program_brings(browser: Browser, axe: Judge) -> None:
    page = browser.new_page()
    page.set_content(Renderer().render(digests.full(), footer=digests.FOOTER).html)
    judged = axe(page)
    page.close()
    assert {each["rule"] for each in judged["violations"]} == {"landmark-one-main", "region"}
    # axe asks these of the outermost page alone.
    assert {"html-has-lang", "html-lang-valid", "document-title"} <= {
        each["rule"] for each in judged["passes"]
    }


def test_axe_looks_into_the_frame(browser: Browser, axe: Judge) -> None:
    bad = '<p style="color:#ccc">Pale</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    page = shown(browser, bad, width=375, scheme="light")
    found = {each["rule"] for each in axe(page)["violations"]}
    page.close()
    assert found >= {"color-contrast", "image-alt"}
