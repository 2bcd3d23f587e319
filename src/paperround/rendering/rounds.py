"""The templates of one round: the operator's, and the built-in ones from their first error on."""

from pathlib import Path

from paperround.digests import Digest
from paperround.rendering.errors import TemplateError
from paperround.rendering.renderer import Rendered, Renderer
from paperround.rendering.views import Footer


class RoundRenderer:
    """Turns the digests of a round into mails, whatever is wrong with the operator's templates.

    They are read with the first mail. What they cannot do for one they are not asked to do for the
    next; `trouble` says what that was.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._renderer: Renderer | None = None
        self.trouble: TemplateError | None = None

    def anew(self) -> "RoundRenderer":
        """Return the renderer of another round, which reads the operator's templates as they are then."""
        return RoundRenderer(self._folder)

    def render(self, digest: Digest, *, footer: Footer) -> Rendered:
        """Return the mail; raise TemplateError where the built-in templates cannot make it either."""
        try:
            self._renderer = self._renderer or Renderer(self._folder)
            return self._renderer.render(digest, footer=footer)
        except TemplateError as error:
            if self._folder is None:
                raise
            builtin = Renderer()
            mail = builtin.render(digest, footer=footer)
            self._renderer, self.trouble = builtin, error
            return mail
