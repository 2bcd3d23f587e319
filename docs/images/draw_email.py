"""Draw email.png: a mail of the demo as it was delivered, on a desktop, and on a phone at night.

Run `paperround demo` first, then this from the same folder.
"""  # noqa: INP001 - a script, not a package

import base64
import shutil
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

READER = "emmy@example.org"


def main() -> None:
    """Take two pictures of what the reader got, and put them side by side."""
    (mail,) = Path("var/demo/mail").glob(f"*{READER}*.html")
    html = mail.read_text(encoding="utf-8")
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


SIDE_BY_SIDE = """
<body style="margin:0;padding:28px;background:#e9ecef;display:flex;gap:28px;align-items:flex-start">
<img src="{desktop}" width="640" style="border-radius:10px">
<img src="{phone}" width="375" style="border-radius:26px;border:5px solid #0d0e10">
</body>"""

if __name__ == "__main__":
    main()
