"""The email as two compilers of MJML make it, beside one another in a real browser."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.fakes import digests

from paperround.rendering import Renderer, templates
from paperround.rendering.views import Draft

pytestmark = pytest.mark.needs("chromium")

PLACES = """[...document.querySelectorAll("h1, h2, h3, p, li, a, strong")].map(each => {
  const {x, y, width, height} = each.getBoundingClientRect();
  const {color, backgroundColor, fontFamily, fontSize, fontWeight} = getComputedStyle(each);
  return {text: each.textContent.trim().replace(/\\s+/g, " "), x, y, width, height,
          color, backgroundColor, fontFamily, fontSize, fontWeight};
})"""


@pytest.mark.parametrize("width", [375, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_where_the_reference_compiler_puts_it(
    browser: Browser, node_modules: Path, width: int, scheme: str
) -> None:
    source = templates.uncompiled(None).render(mail=Draft(digests.full(), digests.FOOTER).mail(0))
    program = ["node", str(node_modules.parent / "mjml.mjs")]
    done = subprocess.run(program, input=source, capture_output=True, encoding="utf-8", check=True)
    ours = Renderer().render(digests.full(), footer=digests.FOOTER).html
    theirs = json.loads(done.stdout)["html"]
    places = []
    for html in (ours, theirs):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_content(html)
        places.append(page.evaluate(PLACES))
        page.close()
    assert len(places[0]) > 60
    assert places[0] == places[1]
