"""The templates of a mail: found, put together, compiled once, and filled for each reader.

A first pass of Jinja, with square brackets, puts the files together: `[% include %]`, `[[ theme.ink ]]`.
What comes of it is MJML, which becomes HTML. Its curly brackets are filled by a second pass for each mail.
"""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import jinja2

from paperround.bodies import Body
from paperround.rendering import mjml
from paperround.rendering.files import Files, translated
from paperround.rendering.fragments import Fragments
from paperround.rendering.views import Mail

HTML = "digest.mjml.j2"
TEXT = "digest.txt.j2"


@dataclass(frozen=True, slots=True)
class Templates:
    """The two bodies of a mail, ready to be filled, and the files that they were made of."""

    _html: jinja2.Template
    _text: jinja2.Template
    _files: Files
    _expressions: Mapping[int, str]  # by line of the HTML's template

    def html(self, mail: Mail) -> Body:
        """Return the HTML of a mail."""
        fill = partial(_filled, self._html, mail)
        return translated(fill, HTML, self._files, expressions=self._expressions)

    def text(self, mail: Mail) -> Body:
        """Return the text of a mail."""
        return translated(partial(_filled, self._text, mail), TEXT, self._files)


def load(folder: Path | None) -> Templates:
    """Read, check and compile the templates; the files of `folder` take the place of the built-in ones.

    Raise TemplateError, naming the file, where one is missing or wrong.
    """
    loader = _Loader(folder)
    html, expressions = translated(lambda: _html(loader), HTML, loader)
    text = translated(lambda: _text(loader), TEXT, loader)
    return Templates(html, text, loader, expressions)


def uncompiled(folder: Path | None) -> Callable[[Mail], str]:
    """Return what fills the HTML's template as MJML, which is what any MJML compiler takes."""
    loader = _Loader(folder)
    template = translated(lambda: _CURLY.from_string(_mjml(loader)), HTML, loader)
    return partial(_filled, template)


@lru_cache(maxsize=8192)
def wrapped(text: str, first: str = "", rest: str | None = None, *, width: int = 72) -> str:
    """Return the text in lines of that width, the first one and the rest of them begun as said."""
    # A link or a long word stays whole: a reader must be able to click or to copy it.
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _filled(template: jinja2.Template, mail: Mail) -> Body:
    """Return the text for one mail; the template says its own words through what gettext calls so."""
    return Body(template.generate(mail=mail, _=mail.wording.gettext, ngettext=mail.wording.ngettext))


class _Loader(Files):
    """MJML is checked as it is read."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, is_current = super().get_source(environment, template)
        if template.endswith(".mjml.j2"):
            mjml.check(template, source)
            # Parsed for its errors alone: after the compiler, lines are no longer those of the file.
            _CURLY.parse(source, name=template, filename=filename)
        return source, filename, is_current


def _html(loader: Files) -> tuple[jinja2.Template, Mapping[int, str]]:
    compiled = mjml.to_html(HTML, _mjml(loader), files=loader.texts)
    numbered, expressions = mjml.numbered(compiled)
    return _CURLY.from_string(numbered), expressions


def _mjml(loader: Files) -> str:
    square = jinja2.Environment(
        loader=loader,
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        autoescape=False,  # noqa: S701 - puts files of ours together; nothing from outside passes here
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # MJML refuses two tags in its head that stand on one line
    )
    return square.get_template(HTML).render()


def _text(loader: Files) -> jinja2.Template:
    plain = jinja2.Environment(
        loader=loader,
        autoescape=False,  # noqa: S701 - plain text, in which an escape would be read as it is
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[Fragments],
    )
    plain.filters["wrapped"] = wrapped
    return plain.get_template(TEXT)


_CURLY = jinja2.Environment(
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=[Fragments],
)
