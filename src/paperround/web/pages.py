"""The pages that people see, and the headers that keep them private."""

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from paperround import installed
from paperround.languages import N_, Wording
from paperround.web.choices import Choices

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
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        N_("That did not work"),
        N_("The fault is ours. Please try again in a few minutes; trying twice does no harm."),
    ),
}
_NOT_UNDERSTOOD = (
    N_("Nothing was changed"),
    N_("The request was not understood. Open the link from the email, and press the button on its page."),
)


class Pages:
    """Make the answers that people see, all of one shape.

    Files in the folder `templates` are taken in place of the built-in ones of the same name.
    """

    def __init__(self, *, sender_name: str, templates: Path | None = None) -> None:
        folders = [folder for folder in (templates, installed.templates()) if folder]
        self._environment = Environment(
            loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined
        )
        self._environment.globals["sender_name"] = sender_name or "Paper Round"
        style = self._environment.get_template("pages/style.css").render()
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )

    def question(self, wording: Wording) -> HTMLResponse:
        """Return the page with the button."""
        return self._page("unsubscribe", HTTPStatus.OK, wording)

    def done(self, wording: Wording) -> HTMLResponse:
        """Return the page that follows the button."""
        return self._page("unsubscribed", HTTPStatus.OK, wording)

    def preferences(self, choices: Choices, status: HTTPStatus, wording: Wording) -> HTMLResponse:
        """Return the page on which a reader chooses."""
        return self._page("preferences", status, wording, choices=choices)

    def problem(self, status: int, headers: Mapping[str, str], wording: Wording) -> HTMLResponse:
        """Return the page for a request that changed nothing, and end the conversation.

        What is left of the request, perhaps without an end, need not be read then.
        """
        title, advice = map(wording.gettext, _PROBLEMS.get(HTTPStatus(status), _NOT_UNDERSTOOD))
        page = self._page("problem", HTTPStatus(status), wording, title=title, advice=advice)
        page.headers.update({**headers, "Connection": "close"})
        return page

    def _page(self, name: str, status: HTTPStatus, wording: Wording, **values: object) -> HTMLResponse:
        template = self._environment.get_template(f"pages/{name}.html.j2")
        text = template.render(
            **values, language=wording.language, _=wording.gettext, ngettext=wording.ngettext
        )
        return HTMLResponse(text, status, {**PRIVATE, "Content-Security-Policy": self._policy})
