"""A digest as what a mail carries: subject, HTML and text."""

from paperround.rendering.answers import Answer, AnswerRenderer
from paperround.rendering.answers import check as check_answers
from paperround.rendering.errors import TemplateError
from paperround.rendering.findings import findings, pictures
from paperround.rendering.renderer import LARGEST_HTML, Rendered, Renderer
from paperround.rendering.rounds import RoundRenderer
from paperround.rendering.views import Card, Draft, Footer, Line, Mail, Part, Piece, Shortened, card

__all__ = [
    "LARGEST_HTML",
    "Answer",
    "AnswerRenderer",
    "Card",
    "Draft",
    "Footer",
    "Line",
    "Mail",
    "Part",
    "Piece",
    "Rendered",
    "Renderer",
    "RoundRenderer",
    "Shortened",
    "TemplateError",
    "card",
    "check_answers",
    "findings",
    "pictures",
]
