"""A digest as what a mail carries: subject, HTML and text."""

from paperround.rendering.errors import TemplateError
from paperround.rendering.findings import findings, pictures
from paperround.rendering.notices import Notice, NoticeRenderer
from paperround.rendering.notices import check as check_notices
from paperround.rendering.renderer import LARGEST_HTML, Rendered, Renderer, size
from paperround.rendering.rounds import RoundRenderer
from paperround.rendering.views import Footer, Shortened

__all__ = [
    "LARGEST_HTML",
    "Footer",
    "Notice",
    "NoticeRenderer",
    "Rendered",
    "Renderer",
    "RoundRenderer",
    "Shortened",
    "TemplateError",
    "check_notices",
    "findings",
    "pictures",
    "size",
]
