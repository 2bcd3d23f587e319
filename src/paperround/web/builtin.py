"""Pages for who looks after an installation: made of the built-in files alone, and never of others."""

import re

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from paperround import installed
from paperround.phrases import counted, full_day
from paperround.web.pages import PRIVATE


def environment() -> Environment:
    """Return what makes them of the templates; such a page is needed most where others are not in order."""
    made = Environment(
        loader=FileSystemLoader(installed.templates()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters.update(full_day=full_day, counted=counted, sentence=_sentence)
    return made


def _sentence(text: str) -> Markup:
    """Return a sentence whose commands, which stand between backticks, are set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def page(text: str, policy: str) -> HTMLResponse:
    """Return the answer with this page, under this policy."""
    return HTMLResponse(text, headers={**PRIVATE, "Content-Security-Policy": policy})
