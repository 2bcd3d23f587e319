"""What somebody who makes a mail should know of it: its weight, its links, its images, its text."""

from collections.abc import Iterator
from html.parser import HTMLParser

from paperround.phrases import counted, listed
from paperround.rendering.renderer import LARGEST_HTML, Rendered
from paperround.rendering.views import Shortened

_SAFE = ("https://", "http://", "mailto:")
_LONGEST_ADDRESS = 80


def findings(rendered: Rendered) -> tuple[str, ...]:
    """Return what is wrong or missing, a sentence each; nothing where the mail is as it should be."""
    markup = _Markup()
    markup.feed(rendered.html)
    markup.close()
    return (*_weight(rendered.shortened), *dict.fromkeys(markup.found), *_text(rendered.text))


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
    """Collects what is wrong with links and images."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._link: str | None = None
        self._named = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._begin_link(given.get("href"))
        elif tag == "img":
            self._named |= bool((given.get("alt") or "").strip())
            self.found += _image(given)

    def handle_data(self, data: str) -> None:
        self._named |= bool(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or self._link is None:
            return
        if not self._named:
            self.found.append(f"The link to {self._link} has no text: nobody sees or hears it.")
        self._link = None

    def _begin_link(self, address: str | None) -> None:
        self._link, self._named = _short(address), False
        if not (address or "").strip().lower().startswith(_SAFE):
            self.found.append(f"A link leads to {self._link}: only http(s) and mailto links work in a mail.")


def _image(given: dict[str, str | None]) -> Iterator[str]:
    address = given.get("src")
    if "alt" not in given:
        yield f"The image {_short(address)} has no alt: say what it shows, or alt='' for an ornament."
    if not (address or "").startswith("data:"):
        yield f"The image {_short(address)} is loaded when the mail is opened; it is not shown here."


def _short(address: str | None) -> str:
    if not address:
        return "nowhere"
    return address if len(address) <= _LONGEST_ADDRESS else f"{address[: _LONGEST_ADDRESS - 1]}…"
