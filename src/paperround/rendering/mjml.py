"""MJML with Jinja placeholders in it: what is wrong in a file, and the HTML it becomes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from mjml import mjml2html

from paperround.rendering.errors import TemplateError


def check(name: str, source: str) -> None:
    """Raise TemplateError where a file holds what the compiler would drop or pass on without a word."""
    text = _without_comments(source)
    for problem_at, problem in _problems(text):
        raise TemplateError(f"{name}, line {_line(text, problem_at)}: {problem}")


def to_html(name: str, source: str, *, files: Mapping[str, str]) -> str:
    """Return the HTML of an MJML text, its placeholders kept.

    `name` and `files`, the texts that it was put together from, are for the message when it is wrong.
    """
    try:
        # Without `fonts={}` the compiler links the remote fonts that it knows by name.
        html = mjml2html(source, fonts={})
    except ValueError as error:
        for file, text in files.items():
            for problem_at, problem in _ill_formed(_without_comments(text)):
                raise TemplateError(f"{file}, line {_line(text, problem_at)}: {problem}") from error
        raise TemplateError(_positioned(name, source, str(error), files)) from error
    lost = Counter(_EXPRESSION.findall(source))
    lost.subtract(_EXPRESSION.findall(html))
    for placeholder, missing in lost.items():
        if missing > 0:
            raise TemplateError(
                f"{place(placeholder, files, otherwise=name)}: MJML drops {placeholder} where it stands; "
                "a width, a height or another number must be written out"
            )
    return html


def numbered(html: str) -> tuple[str, Mapping[int, str]]:
    """Return compiled HTML with a line for each placeholder, and by line which one begins there.

    The line break stands inside of the brackets, where it does not show.
    """
    apart = _EXPRESSION.sub(lambda found: f"{found[0][:2]}\n{found[0][2:]}", html)
    begun = {
        _line(apart, found.start()) + 1: found[0].replace("\n", "", 1)
        for found in _EXPRESSION.finditer(apart)
    }
    return apart, begun


def place(fragment: str, files: Mapping[str, str], *, otherwise: str) -> str:
    """Return the file and line in which a fragment stands first, not inside of a longer word."""
    before = r"(?<!\w)" if fragment[:1].isalnum() else ""
    after = r"(?!\w)" if fragment[-1:].isalnum() else ""
    whole = re.compile(before + re.escape(fragment) + after)
    for name, text in files.items():
        if found := whole.search(text):
            return f"{name}, line {_line(text, found.start())}"
    return otherwise


# Without mj-font, which makes each opened mail call a third party, and mj-include, which reads any file.
_MJML_TAGS = frozenset(
    (
        *("mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-preview"),
        *("mj-style", "mj-title", "mj-raw", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"),
        *("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social"),
        *("mj-social-element", "mj-navbar", "mj-navbar-link"),
    )
)
_HTML_TAGS = frozenset(
    (
        *("a", "abbr", "b", "bdi", "blockquote", "br", "caption", "code", "div", "em", "h1", "h2", "h3"),
        *("h4", "h5", "h6", "hr", "i", "img", "li", "meta", "ol", "p", "pre", "s", "small", "span", "strong"),
        *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
    )
)
_COMMENT = re.compile(r"\{#.*?#\}|\[#.*?#\]|<!--.*?-->", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED_TWICE = re.compile(r"=\"[^\"<>{]*(\{[{%][^}\"]*\")")
_TAG = re.compile(r"</?\s*([A-Za-z][\w:-]*)")
_OPEN_OR_CLOSED = re.compile(r"<(/?)([A-Za-z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^'\"<>])*?)(/?)>")
_VALUE = re.compile(r"=(?:\"[^\"]*\"|'[^']*')")
_VOID = frozenset({"br", "hr", "img", "meta"})
_POSITION = re.compile(r"position (\d+):(\d+)")


def _problems(text: str) -> Iterator[tuple[int, str]]:
    for expression in _EXPRESSION.finditer(text):
        if "<" in expression[0]:
            yield expression.start(), f"{expression[0]} holds a '<', which MJML takes for a tag; write 'lt'"
    for value in _QUOTED_TWICE.finditer(text):
        yield value.start(1), f"{value[1]} ends the attribute that it stands in; quote with ' inside of \""
    for tag in _TAG.finditer(text):
        name = tag[1].lower()
        if name not in _MJML_TAGS | _HTML_TAGS:
            near = get_close_matches(name, sorted(_MJML_TAGS | _HTML_TAGS), n=1)
            mend = f"; did you mean <{near[0]}>?" if near else ""
            yield tag.start(), f"<{tag[1]}> has no place in a mail{mend}"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _without_comments(source: str) -> str:
    """Return the text with as many lines, and as long, but for its comments."""
    return _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), source)


def _ill_formed(text: str) -> Iterator[tuple[int, str]]:
    """Yield what the compiler cannot read in a file that is whole in itself."""
    waiting: list[tuple[str, int]] = []
    for tag in _OPEN_OR_CLOSED.finditer(text):
        ends, name, attributes, ends_itself = tag[1], tag[2].lower(), tag[3], tag[4]
        if "=" in _VALUE.sub("", attributes):
            yield tag.start(), f"what follows = in <{name}> stands in quotation marks"
        if not ends and not ends_itself and name not in _VOID:
            waiting.append((name, tag.start()))
        elif ends and not waiting:
            yield tag.start(), f"</{name}> closes nothing"
        elif ends and waiting.pop()[0] != name:
            yield tag.start(), f"</{name}> closes another tag"
    for name, begun in waiting:
        yield begun, f"<{name}> is not closed"


def _positioned(name: str, source: str, message: str, files: Mapping[str, str]) -> str:
    """Return the compiler's message with the place that it names, as far as that can be told."""
    found = _POSITION.search(message)
    if not found:
        return f"{name} and what it includes cannot be compiled: {message}"
    # The compiler counts bytes.
    begun, ended = (len(source.encode()[: int(found[at])].decode(errors="ignore")) for at in (1, 2))
    line = source[source.rfind("\n", 0, begun) + 1 :].partition("\n")[0].strip()
    fragments = [each for each in (line, source[begun:ended].strip()) if each]
    places = [place(each, files, otherwise="") for each in fragments]
    where = next(filter(None, places), f"{name} and what it includes")
    return f"{where}: it cannot be compiled, {message}, near {source[begun : begun + 60]!r}"
