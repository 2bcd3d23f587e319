"""The files of templates: where they are found, and in which of their lines something is wrong."""

import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import jinja2

from paperround import installed
from paperround.rendering import mjml
from paperround.rendering.errors import TemplateError


class Files(jinja2.FileSystemLoader):
    """The operator's folder before the built-in one: the first that has a file gives it.

    Raise TemplateError where there is no such folder. `texts` are the files that were read, by name.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise TemplateError(f"{folder}: there is no such folder of templates")
        super().__init__([folder, installed.templates()] if folder else [installed.templates()])
        self.texts: dict[str, str] = {}
        self.names: dict[str, str] = {}  # by path

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return what jinja2 asks for, or raise TemplateError where the file is no text."""
        try:
            source, filename, is_current = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise TemplateError(f"{template}, line {line}: not UTF-8; save the file as UTF-8") from error
        self.texts[template] = source
        self.names[filename] = template
        return source, filename, is_current


_T = TypeVar("_T")
_NOTHING: Mapping[int, str] = {}
_FAULTS = (
    *(jinja2.TemplateError, ArithmeticError, AttributeError, LookupError),
    *(OSError, RecursionError, TypeError, ValueError),
)


def translated(
    call: Callable[[], _T], name: str, files: Files, *, expressions: Mapping[int, str] = _NOTHING
) -> _T:
    """Return what the call returns, and name the file and the line where a template is at fault.

    `name` is the template that is called. `expressions` says what stands in the lines of one that is
    in no file, but was compiled from them.
    """
    try:
        return call()
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.name or name}, line {error.lineno}: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        where = _place(error, name, files, expressions)
        missing = str(error.name)
        which = repr(missing) if _is_written(missing, files) else "of that name"
        raise TemplateError(f"{where}: there is no template {which} to include") from error
    except _FAULTS as error:
        told = _TYPE.sub(lambda found: f"a {found[1].lower()} has no", str(error))
        told = _QUOTED.sub(lambda found: found[0] if _is_written(found[2], files) else "…", told)
        raise TemplateError(f"{_place(error, name, files, expressions)}: {told}") from error


def _is_written(name: str, files: Files) -> bool:
    """Return whether a name is one, or stands in a template; what one computed may be somebody's address."""
    return name.isidentifier() or any(name in text for text in files.texts.values())


_QUOTED = re.compile(r"""(['"])(.*?)\1""", re.DOTALL)
_IN_NO_FILE = "<template>"  # as jinja2 calls it
_TYPE = re.compile(r"'paperround\.[\w.]*?(\w+) object' has no attribute")
_NAME_IN_MESSAGE = re.compile(r"'(\w+)' is undefined|attribute '(\w+)'")


def _place(error: BaseException, name: str, files: Files, expressions: Mapping[int, str]) -> str:
    """Return the file and line that was at work last, as far as can be told."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files.names:
            return f"{files.names[frame.filename]}, line {frame.lineno}"
        if frame.filename == _IN_NO_FILE and frame.lineno:
            begun = max((line for line in expressions if line <= frame.lineno), default=0)
            if found := mjml.place(expressions.get(begun, _IN_NO_FILE), files.texts, otherwise=""):
                return found
            break  # the frames around it only lead to it
    # What a macro put together stands nowhere as it is, but its words do.
    told = _NAME_IN_MESSAGE.search(str(error))
    word = (told[1] or told[2]) if told else ""
    return mjml.place(word, files.texts, otherwise=name) if word else name
