"""The email before programs that nobody here wrote: what they find stands in docs/email.md, or fails."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from mjml import mjml2html
from tests.fakes import digests

from paperround.digests import Digest
from paperround.rendering import Renderer, templates
from paperround.rendering.views import Draft

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "email.md"


def rows(heading: str) -> list[list[str]]:
    """Return the table under a heading of docs/email.md, without its head."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n### {heading}\n")[1].split("\n#")[0]
    table = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return table[2:]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def asked(node_modules: Path, program: str, text: str) -> Any:  # noqa: ANN401 - what JSON holds
    done = subprocess.run(
        ["node", node_modules.parent / program],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def html(digest: Digest) -> str:
    return Renderer().render(digest, footer=digests.FOOTER).html


# html-validate


def test_html_validate_finds_what_is_written_down_and_nothing_else(node_modules: Path) -> None:
    expected = {(rule, message) for cell, *_ in rows("html-validate") for rule, message in [quoted(cell)]}
    full, empty = (
        {(each["ruleId"], each["message"]) for each in asked(node_modules, "html-validate.mjs", html(digest))}
        for digest in (digests.full(), digests.empty())
    )
    assert full == expected
    assert empty <= expected


def test_html_validate_would_find_a_broken_table(node_modules: Path) -> None:
    broken = html(digests.full()).replace("</table>", "", 1)
    found = {each["ruleId"] for each in asked(node_modules, "html-validate.mjs", broken)}
    assert "close-order" in found


# caniemail


PROGRAMS = {"apple-mail": "Apple Mail", "gmail": "Gmail", "outlook": "Outlook", "yahoo": "Yahoo"}


def lacking(node_modules: Path, text: str, support: str) -> set[tuple[str, str]]:
    """Return the features that some version of a mail program has not, or only in part."""
    found = asked(node_modules, "caniemail.mjs", text)
    counted = [each for each in found if each["support"] == support]
    return {(each["title"], PROGRAMS[each["client"].split(".")[0]]) for each in counted}


@pytest.mark.parametrize(
    ("support", "heading"),
    [("none", "What a mail program lacks"), ("partial", "What a mail program has in part")],
)
def test_what_a_mail_program_lacks_is_written_down_with_its_fallback(
    node_modules: Path, support: str, heading: str
) -> None:
    listed = rows(heading)
    expected = {
        (feature, program)
        for features, programs, *_ in listed
        for feature in quoted(features)
        for program in programs.split(", ")
    }
    assert all(fallback.strip() for *_, fallback in listed)
    assert lacking(node_modules, html(digests.full()), support) == expected
    assert lacking(node_modules, html(digests.empty()), support) <= expected


def test_caniemail_looks_into_media_queries_and_at_the_new_outlook(node_modules: Path) -> None:
    styled = "<style>@media (prefers-color-scheme: dark) { p { display: flex; } }</style><p>x</p>"
    assert ("display:flex", "Outlook") in lacking(node_modules, styled, "none")
    clients = {each["client"] for each in asked(node_modules, "caniemail.mjs", styled)}
    assert "outlook.outlook-com" in clients


# MJML


class _Meaning(HTMLParser):
    """What a browser or Outlook makes of a page: its tags and texts, whatever their spelling.

    `where` is the condition of the comment that holds them, for the eyes of Outlook alone.
    """

    def __init__(self, where: str = "") -> None:
        super().__init__()
        self.told: list[str] = []
        self._where = where

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: _sorted(name, value or "") for name, value in attrs}
        given = [f'{name}="{value}"' for name, value in sorted(known.items()) if value or name != "class"]
        self._tell(" ".join([tag, *given]))

    def handle_endtag(self, tag: str) -> None:
        self._tell(f"/{tag}")

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self.lasttag == "style":
            text = re.sub(r"\s*([{}:;,])\s*", r"\1", text)
        if text:
            self._tell(text)

    def handle_comment(self, data: str) -> None:
        condition = re.fullmatch(r"\[if ([^\]]*)\]>(.*)<!\[endif\]", data, re.DOTALL)
        if condition:
            self.told += meaning(condition[2], where=f"{condition[1]}: ")
        else:
            self._tell(f"<!--{data}-->")

    def _tell(self, what: str) -> None:
        self.told.append(self._where + what)


def _sorted(name: str, value: str) -> str:
    if name == "class":
        return " ".join(sorted(value.split()))
    if name == "style":
        return ";".join(sorted(re.sub(r"\s*:\s*", ":", each.strip()) for each in value.split(";") if each))
    return value


def meaning(text: str, *, where: str = "") -> list[str]:
    reader = _Meaning(where)
    reader.feed(text)
    reader.close()
    return reader.told


def reference(node_modules: Path, source: str) -> str:
    compiled = asked(node_modules, "mjml.mjs", source)
    assert compiled["errors"] == []
    return str(compiled["html"])


@pytest.mark.parametrize("digest", [digests.full(), digests.empty()], ids=["full", "empty"])
def test_the_reference_compiler_differs_only_in_what_is_explained(node_modules: Path, digest: Digest) -> None:
    source = templates.uncompiled(None).render(mail=Draft(digest, digests.FOOTER).mail(0))
    ours, theirs = meaning(mjml2html(source, fonts={})), meaning(reference(node_modules, source))
    body, article = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    # The class of mj-body stands one element further in, and the default spacing of words is not repeated.
    assert body[0] == body[1].replace(' class="page"', "") != body[1]
    assert article[0].replace(' class="page"', "") == article[1].replace(";word-spacing:normal", "")


def test_compiled_once_or_for_each_mail_it_is_the_same_mail() -> None:
    mail = Draft(digests.full(), digests.FOOTER).mail(0)
    each = mjml2html(templates.uncompiled(None).render(mail=mail), fonts={})
    assert meaning(templates.load(None).html(mail)) == meaning(each)
