"""The browser that all tests of pages share, and what judges a page in it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

# The frame has no origin of its own, and axe speaks to it all the same.
ANY_ORIGIN = "axe.configure({allowedOrigins: ['<unsafe_all_origins>']})"

Judge = Callable[[Page], dict[str, list[dict[str, str]]]]


# Not for the session: while Playwright is open, no other test can run a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def axe(node_modules: Path) -> Judge:
    program = (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

    def judged(page: Page) -> dict[str, list[dict[str, str]]]:
        for frame in page.frames:
            frame.add_script_tag(content=program)
            frame.evaluate(ANY_ORIGIN)
        result = page.evaluate("axe.run()")
        return {
            verdict: [
                {"rule": rule["id"], "html": node["html"]}
                for rule in result[verdict]
                for node in rule["nodes"]
            ]
            for verdict in ("violations", "incomplete", "passes")
        }

    return judged
