"""The small mails beside the digests: one thing to say, and one link."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from jinja2 import Environment, StrictUndefined

from paperround.languages import ENGLISH, Wording
from paperround.rendering.errors import TemplateError
from paperround.rendering.files import Files, translated
from paperround.rendering.templates import wrapped

HTML, TEXT = "answer.html.j2", "answer.txt.j2"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a mail says: sentences before a link and after it, and who sends it from where."""

    subject: str
    before: tuple[str, ...]
    label: str
    link: str
    after: tuple[str, ...]
    sender: str
    postal_address: str | None = None


class AnswerRenderer:
    """Makes the two bodies of such mails.

    Files in the folder are taken in place of the built-in ones of the same name. A mail that cannot be made
    with them is made with the built-in ones, and the log says so.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def render(self, answer: Answer, wording: Wording) -> tuple[str, str]:
        """Return the HTML and the text."""
        try:
            return _bodies(self._folder, answer, wording)
        except TemplateError as error:
            if self._folder is None:
                raise
            _log.warning("templates.unusable", reason=str(error))
            return _bodies(None, answer, wording)


def check(folder: Path | None) -> None:
    """Raise TemplateError where such a mail cannot be made with the files of the folder."""
    html, text = _bodies(folder, _SPECIMEN, ENGLISH)
    for name, body in ((HTML, html), (TEXT, text)):
        if _SPECIMEN.link not in body:
            raise TemplateError(f"{name}: the mail has no link; keep {{{{ answer.link }}}}")


_SPECIMEN = Answer(
    subject="A subject",
    before=("A sentence.",),
    label="A button",
    link="https://example.org/a-link",
    after=("A sentence.",),
    sender="A sender",
    postal_address="An address",
)


def _bodies(folder: Path | None, answer: Answer, wording: Wording) -> tuple[str, str]:
    values = {"answer": answer, "language": wording.language}
    return _filled(folder, HTML, values, escape=True), _filled(folder, TEXT, values, escape=False)


def _filled(folder: Path | None, name: str, values: Mapping[str, object], *, escape: bool) -> str:
    files = Files(folder)
    environment = Environment(
        loader=files,
        autoescape=escape,  # noqa: S701 - plain text would show an escape as it is
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = wrapped
    return translated(lambda: environment.get_template(name).render(values), name, files)
