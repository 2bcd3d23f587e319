"""From a digest to the two bodies of a mail, inside the size that mail programs show whole."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from paperround.bodies import octets
from paperround.digests import Digest
from paperround.rendering import templates
from paperround.rendering.errors import TemplateError
from paperround.rendering.specimen import SPECIMEN
from paperround.rendering.views import NOTHING_SHORTENED, Draft, Footer, Shortened

LARGEST_HTML = 90_000  # bytes; some mail programs clip a little above 100,000, and the footer with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest as a mail carries it; `preheader` stands beside the subject in a list of mails."""

    subject: str
    preheader: str
    html: str
    text: str
    shortened: Shortened = NOTHING_SHORTENED


class Renderer:
    """Turns digests into mails, with templates that are read, checked and compiled once.

    `folder` holds the operator's templates: each of its files is taken in place of the built-in one
    of the same name. Raise TemplateError, naming the file, where one of them cannot be used.
    """

    trouble: TemplateError | None = None  # what is wrong is raised here, and not kept

    def __init__(self, folder: Path | None = None) -> None:
        self._templates = templates.load(folder)
        # A name that no mail has is found now, and not when the first mail is due.
        html = self._templates.html(SPECIMEN)
        self._templates.text(SPECIMEN)
        _refuse_too_large(self._templates.html(replace(SPECIMEN, parts=())))
        if SPECIMEN.unsubscribe not in html:
            raise TemplateError(
                f"{templates.HTML}: a mail has no link to unsubscribe; "
                "keep {{ mail.unsubscribe }}, which footer.mjml.j2 has"
            )

    def anew(self) -> Self:
        """Return the renderer of another round: this one, for it is as good as ever."""
        return self

    def render(self, digest: Digest, *, footer: Footer) -> Rendered:
        """Return the mail, made shorter from its last paper upwards until it is small enough."""
        draft = Draft(digest, footer)
        step, mail = 0, draft.mail(0)
        html = self._templates.html(mail)
        if octets(html) > LARGEST_HTML:
            step = self._first_fitting(draft)
            mail = draft.mail(step)
            html = self._templates.html(mail)
        _refuse_too_large(html)
        return Rendered(
            subject=mail.subject,
            preheader=mail.preheader,
            html=html,
            text=self._templates.text(mail),
            shortened=draft.shortened(step),
        )

    def _first_fitting(self, draft: Draft) -> int:
        def fits(step: int) -> bool:
            return octets(self._templates.html(draft.mail(step))) <= LARGEST_HTML

        return bisect_left(range(draft.steps), x=True, lo=1, key=fits)


def _refuse_too_large(html: str) -> None:
    if octets(html) > LARGEST_HTML:
        raise TemplateError(
            f"{templates.HTML}: a mail without papers has {octets(html):,} bytes already; "
            f"shorten the template, {LARGEST_HTML:,} is the most that is shown whole"
        )
