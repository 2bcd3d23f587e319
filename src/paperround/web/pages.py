"""The pages that people see, and the headers that keep them private."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from pathlib import Path

import structlog
from jinja2 import Environment, StrictUndefined
from starlette.responses import HTMLResponse

from paperround.languages import ENGLISH, N_, Language, Wording
from paperround.ports import Wish
from paperround.rendering import TemplateError
from paperround.rendering.files import Files, translated
from paperround.web.applying import Application
from paperround.web.choices import Amount, Choices
from paperround.web.hours import Hours, Region
from paperround.web.leafing import SPECIMEN, Leaf
from paperround.web.options import Option
from paperround.web.topics import Lines, Lists

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_PROBLEMS = {
    HTTPStatus.NOT_FOUND: (
        N_("This link leads nowhere"),
        N_("It may have been cut short. Copy it in full from the email, or answer the email and ask."),
    ),
    HTTPStatus.GONE: (
        N_("No emails come to you"),
        N_("So there is nothing to choose. You want the papers back? Answer one of the emails, and ask."),
    ),
    HTTPStatus.FORBIDDEN: (
        N_("Nothing was changed"),
        N_("The form was sent from another website. Open its page here, and send it from there."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        N_("Please try again in an hour"),
        N_("So many ask just now that nothing more is taken. Nothing was changed."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        N_("Too many people are reading"),
        N_("Please try again in a few seconds."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        N_("That did not work"),
        N_("The fault is ours. Please try again in a few minutes; trying twice does no harm."),
    ),
}
_NOT_UNDERSTOOD = (
    N_("Nothing was changed"),
    N_("The request was not understood. Open the link from the email, and press the button on its page."),
)
_STALE = (
    N_("This link was used, or is too old"),
    N_("If you have confirmed your subscription, all is well. Otherwise subscribe once more."),
)


# What the pages that are asked for are filled with, beside the sender's name.
_OPTIONS = (
    Option(value="1", label="One", chosen=True),
    Option(value="2", label="Another", chosen=False),
)
_SPECIMENS: Mapping[str, Mapping[str, object]] = {
    "unsubscribe": {},
    "unsubscribed": {},
    "preferences": {
        "choices": Choices(
            title="A title",
            state=("A sentence.",),
            resting=True,
            mistakes={"until": ("A mistake.",), "papers": ("A mistake.",), "keywords": ("A mistake.",)},
            pauses=_OPTIONS,
            first=date(2026, 6, 17),
            last=date(2027, 6, 16),
            rhythms=_OPTIONS,
            weekdays=_OPTIONS,
            hours=Hours(
                ways=_OPTIONS,
                times=_OPTIONS,
                regions=(Region(label="", zones=_OPTIONS), Region(label="A region", zones=_OPTIONS)),
            ),
            amount=Amount(ways=_OPTIONS, number="10", most=100),
            topics=Lists(
                first=(Lines(name="keywords", label="A list", hint="A hint", text="A line"),),
                more=(Lines(name="authors", label="A list", hint="A hint", text=""),),
                kept=_OPTIONS,
                changed=True,
            ),
            trial=True,
            tried=("A sentence.", "A count"),
        ),
        "feed": "https://papers.example.org/feed/1.xml",
    },
    "subscribe": {
        "application": Application(mistakes={"address": "A mistake."}, zones=("UTC",), usual_zone="UTC")
    },
    "asked": {},
    "confirm": {"wish": Wish(keywords=("LoRA",), language=Language.ENGLISH)},
    "confirmed": {"often": "every day", "first": "Tuesday, 16 June 2026"},
    "archive": {"leaf": SPECIMEN},
    "problem": {"title": "A title", "advice": "Some advice."},
}
_STYLE = "pages/style.css"
_MORE_STYLE = {"archive": ("pages/archive.css",)}  # what a page has beside the style of all

_log = structlog.get_logger(__name__)


def policy_hash(text: str) -> str:
    """Return what a Content-Security-Policy calls a style or a script by (CSP level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def check(templates: Path | None) -> None:
    """Raise TemplateError where a page cannot be made with the files of the folder."""
    pages = _Set(templates, sender_name="A sender")
    for name, values in _SPECIMENS.items():
        pages.filled(name, ENGLISH, values)


class Pages:
    """Make the answers that people see, all of one shape.

    Files in the folder `templates` are taken in place of the built-in ones of the same name. A page that
    cannot be made with them is made with the built-in ones, and the log says once what is wrong.
    """

    def __init__(self, *, sender_name: str, templates: Path | None = None) -> None:
        name = sender_name or "Paper Round"
        self._told: set[str] = set()
        self._own = self._builtin = _Set(None, sender_name=name)
        try:
            self._own = _Set(templates, sender_name=name)
        except TemplateError as error:
            self._tell(error)

    def question(self, wording: Wording) -> HTMLResponse:
        """Return the page with the button."""
        return self._page("unsubscribe", HTTPStatus.OK, wording)

    def done(self, wording: Wording) -> HTMLResponse:
        """Return the page that follows the button."""
        return self._page("unsubscribed", HTTPStatus.OK, wording)

    def preferences(
        self, choices: Choices, status: HTTPStatus, wording: Wording, *, feed: str | None
    ) -> HTMLResponse:
        """Return the page on which a reader chooses, and which names the address of their feed."""
        return self._page("preferences", status, wording, choices=choices, feed=feed)

    def archive(
        self, leaf: Leaf, status: HTTPStatus, wording: Wording, headers: Mapping[str, str]
    ) -> HTMLResponse:
        """Return papers of a day, or what was found, with headers other than those of a private page."""
        return self._page("archive", status, wording, headers, leaf=leaf)

    def subscribe(self, application: Application, status: HTTPStatus, wording: Wording) -> HTMLResponse:
        """Return the page on which people ask for the papers."""
        return self._page("subscribe", status, wording, application=application)

    def asked(self, wording: Wording) -> HTMLResponse:
        """Return the page that follows: the same for every address."""
        return self._page("asked", HTTPStatus.OK, wording)

    def confirm(self, wish: Wish, wording: Wording) -> HTMLResponse:
        """Return the page with the button that confirms it."""
        return self._page("confirm", HTTPStatus.OK, wording, wish=wish)

    def confirmed(self, often: str, first: str, wording: Wording) -> HTMLResponse:
        """Return the page that follows that button; `first` is the first day with an email, where known."""
        return self._page("confirmed", HTTPStatus.OK, wording, often=often, first=first)

    def stale(self, wording: Wording) -> HTMLResponse:
        """Return the page for a link to confirm by that can be used no more."""
        title, advice = map(wording.gettext, _STALE)
        return self._page("problem", HTTPStatus.GONE, wording, title=title, advice=advice)

    def problem(self, status: int, headers: Mapping[str, str], wording: Wording) -> HTMLResponse:
        """Return the page for a request that changed nothing, and end the conversation.

        What is left of the request, perhaps without an end, need not be read then.
        """
        title, advice = map(wording.gettext, _PROBLEMS.get(HTTPStatus(status), _NOT_UNDERSTOOD))
        page = self._page("problem", HTTPStatus(status), wording, title=title, advice=advice)
        page.headers.update({**headers, "Connection": "close"})
        return page

    def _page(
        self,
        name: str,
        status: HTTPStatus,
        wording: Wording,
        headers: Mapping[str, str] = PRIVATE,
        **values: object,
    ) -> HTMLResponse:
        try:
            text, policy = self._own.filled(name, wording, values), self._own.policy(name)
        except TemplateError as error:
            self._tell(error)
            text, policy = self._builtin.filled(name, wording, values), self._builtin.policy(name)
        return HTMLResponse(text, status, {**headers, "Content-Security-Policy": policy})

    def _tell(self, error: TemplateError) -> None:
        if str(error) not in self._told:
            self._told.add(str(error))
            _log.warning("page.unusable", reason=str(error))


class _Set:
    """The templates of all pages, and the policy that allows their style."""

    def __init__(self, templates: Path | None, *, sender_name: str) -> None:
        self._files = Files(templates)
        self._environment = Environment(loader=self._files, autoescape=True, undefined=StrictUndefined)
        self._environment.globals["sender_name"] = sender_name
        for name in _SPECIMENS:  # a style that is wrong is found now, and not with the first page
            self.policy(name)

    def policy(self, page: str) -> str:
        """Return the policy that allows the style of a page as it is in its files now."""
        style = "".join(self._rendered(name, {}) for name in (_STYLE, *_MORE_STYLE.get(page, ())))
        return (
            f"default-src 'none'; style-src '{policy_hash(style)}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )

    def filled(self, name: str, wording: Wording, values: Mapping[str, object]) -> str:
        """Return the page; raise TemplateError where it cannot be made."""
        words = {"language": wording.language, "_": wording.gettext, "ngettext": wording.ngettext}
        return self._rendered(f"pages/{name}.html.j2", {**values, **words})

    def _rendered(self, name: str, values: Mapping[str, object]) -> str:
        return translated(lambda: self._environment.get_template(name).render(values), name, self._files)
