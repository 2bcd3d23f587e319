"""MJML with Jinja placeholders in it: what is wrong in a file, and the HTML it becomes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from mjml import mjml2html

from paperround.rendering.errors import TemplateError


def check(name: str, source: str) -> None:
    """Raise TemplateError where a file holds what the compiler would drop or pass on without a word."""
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source)
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
        message = f"{name} and what it includes cannot be compiled: {error}"
        raise TemplateError(message + _excerpt(source, str(error))) from error
    lost = Counter(_EXPRESSION.findall(source))
    lost.subtract(_EXPRESSION.findall(html))
    for placeholder, missing in lost.items():
        if missing > 0:
            raise TemplateError(
                f"{place(placeholder, files, otherwise=name)}: MJML drops {placeholder} where it stands; "
                "a width, a height or another number must be written out"
            )
    return html


def place(fragment: str, files: Mapping[str, str], *, otherwise: str) -> str:
    """Return the file and line in which a fragment stands first, not inside of a longer word."""
    whole = re.compile(rf"(?<!\w){re.escape(fragment)}(?!\w)")
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


def _excerpt(source: str, message: str) -> str:
    found = _POSITION.search(message)
    if not found:
        return ""
    # The compiler counts bytes.
    start = int(found[1])
    return f", near {source.encode()[start : start + 60].decode(errors='ignore')!r}"
