"""The templates of a mail: found, put together, compiled once, and filled for each reader.

A first pass of Jinja, with square brackets, puts the files together: `[% include %]`, `[[ theme.ink ]]`.
What comes of it is MJML, which becomes HTML. Its curly brackets are filled by a second pass for each mail.
"""

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import jinja2

from paperround import installed
from paperround.rendering import mjml
from paperround.rendering.errors import TemplateError
from paperround.rendering.views import Mail

HTML = "digest.mjml.j2"
TEXT = "digest.txt.j2"


@dataclass(frozen=True, slots=True)
class Templates:
    """The two bodies of a mail, ready to be filled, and the files that they were made of."""

    _html: jinja2.Template
    _text: jinja2.Template
    _files: Mapping[str, str]

    def html(self, mail: Mail) -> str:
        """Return the HTML of a mail."""
        return _translated(lambda: self._html.render(mail=mail), HTML, self._files)

    def text(self, mail: Mail) -> str:
        """Return the text of a mail."""
        return _translated(lambda: self._text.render(mail=mail), TEXT, self._files)


def load(folder: Path | None) -> Templates:
    """Read, check and compile the templates; the files of `folder` take the place of the built-in ones.

    Raise TemplateError, naming the file, where one is missing or wrong.
    """
    loader = _loader(folder)
    html = _translated(lambda: _html(loader), HTML, loader.files)
    text = _translated(lambda: _text(loader), TEXT, loader.files)
    return Templates(html, text, loader.files)


def uncompiled(folder: Path | None) -> jinja2.Template:
    """Return the HTML's template as MJML: filled with a `mail`, it is what any MJML compiler takes."""
    loader = _loader(folder)
    return _translated(lambda: _CURLY.from_string(_mjml(loader)), HTML, loader.files)


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


class _Loader(jinja2.FileSystemLoader):
    """The first folder that has a file gives it; MJML is checked as it is read."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__(folders)
        self.files: dict[str, str] = {}

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, is_current = super().get_source(environment, template)
        self.files[template] = source
        if template.endswith(".mjml.j2"):
            mjml.check(template, source)
            # Parsed for its errors alone: after the compiler, lines are no longer those of the file.
            _CURLY.parse(source, name=template, filename=filename)
        return source, filename, is_current


def _loader(folder: Path | None) -> _Loader:
    if folder is not None and not folder.is_dir():
        raise TemplateError(f"{folder}: there is no such folder of templates")
    return _Loader([folder, installed.templates()] if folder else [installed.templates()])


def _html(loader: _Loader) -> jinja2.Template:
    compiled = mjml.to_html(HTML, _mjml(loader), files=loader.files)
    return _CURLY.overlay(loader=jinja2.DictLoader({HTML: compiled})).get_template(HTML)


def _mjml(loader: _Loader) -> str:
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


def _text(loader: _Loader) -> jinja2.Template:
    plain = jinja2.Environment(
        loader=loader,
        autoescape=False,  # noqa: S701 - plain text, in which an escape would be read as it is
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    plain.filters["wrapped"] = wrapped
    return plain.get_template(TEXT)


_CURLY = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_NAME_IN_MESSAGE = re.compile(r"'(\w+)' is undefined|attribute '(\w+)'")


_T = TypeVar("_T")


def _translated(call: Callable[[], _T], name: str, files: Mapping[str, str]) -> _T:
    """Return what the call returns, and name the file where a template is at fault."""
    try:
        return call()
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.name or name}, line {error.lineno}: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"{name}: there is no template {error.name!r} to include") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise TemplateError(f"{_blamed(str(error), name, files)}: {error}") from error


def _blamed(message: str, name: str, files: Mapping[str, str]) -> str:
    """Return the file and line that a message is about, as far as the name in it tells."""
    found = _NAME_IN_MESSAGE.search(message)
    word = (found[1] or found[2]) if found else ""
    return mjml.place(word, files, otherwise=name) if word else name
