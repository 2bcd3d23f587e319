"""What somebody who makes a mail should know of it: its weight, its links, its images, its text."""

from collections.abc import Iterator
from html.parser import HTMLParser

from paperround.links import web_link
from paperround.phrases import counted, listed
from paperround.rendering.renderer import LARGEST_HTML, Rendered
from paperround.rendering.views import Shortened

_LONGEST_ADDRESS = 80


def findings(rendered: Rendered) -> tuple[str, ...]:
    """Return what is wrong or missing, a sentence each; nothing where the mail is as it should be."""
    found = _read(rendered.html).found
    return (*_weight(rendered.shortened), *dict.fromkeys(found), *_text(rendered.text))


def pictures(html: str) -> int:
    """Return how many images are loaded from elsewhere when the mail is opened."""
    return _read(html).pictures


def _read(html: str) -> "_Markup":
    markup = _Markup()
    markup.feed(html)
    markup.close()
    return markup


def _weight(shortened: Shortened) -> Iterator[str]:
    parts = [
        f"{counted(count, 'paper')} {how}"
        for count, how in (
            (shortened.no_sentence, "without a sentence"),
            (shortened.only_title, "as a title line"),
            (shortened.left_out, "left out"),
        )
        if count
    ]
    if parts:
        yield f"Made shorter to stay under {LARGEST_HTML:,} bytes: {listed(parts)}."


def _text(text: str) -> Iterator[str]:
    if not text.strip():
        yield "The text part is empty."


class _Markup(HTMLParser):
    """Collects what is wrong with links and images, and counts the images from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.pictures = 0
        self._link: str | None = None
        self._named = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._begin_link(given.get("href"), named=_says(given, "aria-label"))
        elif tag == "img":
            self._named |= _says(given, "alt")
            self.pictures += web_link(given.get("src")) is not None
            self.found += _image(given)

    def handle_data(self, data: str) -> None:
        self._named |= bool(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or self._link is None:
            return
        if not self._named:
            self.found.append(f"The link to {self._link} has no text: nobody sees or hears it.")
        self._link = None

    def _begin_link(self, address: str | None, *, named: bool) -> None:
        self._link, self._named = _short(address), named
        if not (web_link(address) or (address or "").lower().startswith("mailto:")):
            self.found.append(
                f"A link leads to {self._link}: in a mail, only whole http(s) links and mailto: links work."
            )


def _says(given: dict[str, str | None], attribute: str) -> bool:
    return bool((given.get(attribute) or "").strip())


def _image(given: dict[str, str | None]) -> Iterator[str]:
    address = given.get("src") or ""
    image = f"The image {_short(address)}" if address else "An image without an address"
    if "alt" not in given:
        yield f'{image} has no alt: say what it shows, or alt="" for an ornament.'
    if not _says(given, "width"):
        yield f"{image} has no width: without the attribute, some mail programs show it as large as it is."
    if address.lower().startswith("http://"):
        yield f"{image} would be loaded where others can look on: use https."
    elif not (web_link(address) or address.lower().startswith("data:")):
        yield f"{image} is not found by a mail program: write its whole https link."


def _short(address: str | None) -> str:
    if not address:
        return "nowhere"
    return address if len(address) <= _LONGEST_ADDRESS else f"{address[: _LONGEST_ADDRESS - 1]}…"
