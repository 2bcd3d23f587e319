"""The pages that people see, and the headers that keep them private."""

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from paperround import installed
from paperround.web.choices import Choices

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_PROBLEMS = {
    HTTPStatus.NOT_FOUND: (
        "This link leads nowhere",
        "It may have been cut short. Copy it in full from the email, or answer the email and ask.",
    ),
    HTTPStatus.GONE: (
        "No emails come to you",
        "So there is nothing to choose. You want the papers back? Answer one of the emails, and ask.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "That did not work",
        "The fault is ours. Please try again in a few minutes; trying twice does no harm.",
    ),
}
_NOT_UNDERSTOOD = (
    "Nothing was changed",
    "The request was not understood. Open the link from the email, and press the button on its page.",
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

    def question(self) -> HTMLResponse:
        """Return the page with the button."""
        return self._page("unsubscribe", HTTPStatus.OK)

    def done(self) -> HTMLResponse:
        """Return the page that follows the button."""
        return self._page("unsubscribed", HTTPStatus.OK)

    def preferences(self, choices: Choices, status: HTTPStatus) -> HTMLResponse:
        """Return the page on which a reader chooses."""
        return self._page("preferences", status, choices=choices)

    def problem(self, status: int, headers: Mapping[str, str]) -> HTMLResponse:
        """Return the page for a request that changed nothing, and end the conversation.

        What is left of the request, perhaps without an end, need not be read then.
        """
        title, advice = _PROBLEMS.get(HTTPStatus(status), _NOT_UNDERSTOOD)
        page = self._page("problem", HTTPStatus(status), title=title, advice=advice)
        page.headers.update({**headers, "Connection": "close"})
        return page

    def _page(self, name: str, status: HTTPStatus, **values: object) -> HTMLResponse:
        text = self._environment.get_template(f"pages/{name}.html.j2").render(**values)
        return HTMLResponse(text, status, {**PRIVATE, "Content-Security-Policy": self._policy})
