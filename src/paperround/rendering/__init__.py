"""A digest as what a mail carries: subject, HTML and text."""

from paperround.rendering.answers import Answer, AnswerRenderer
from paperround.rendering.answers import check as check_answers
from paperround.rendering.errors import TemplateError
from paperround.rendering.findings import findings, pictures
from paperround.rendering.renderer import LARGEST_HTML, Rendered, Renderer, size
from paperround.rendering.rounds import RoundRenderer
from paperround.rendering.views import Footer, Shortened

__all__ = [
    "LARGEST_HTML",
    "Answer",
    "AnswerRenderer",
    "Footer",
    "Rendered",
    "Renderer",
    "RoundRenderer",
    "Shortened",
    "TemplateError",
    "check_answers",
    "findings",
    "pictures",
    "size",
]
