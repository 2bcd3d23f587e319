"""The catalogues, beside what code and templates say."""

import os
import re
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from paperround import installed
from paperround.config.subscriptions import SubscriberForm
from paperround.languages import Language

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [each for each in Language if each is not Language.ENGLISH]
Id = str | tuple[str, ...]


def said() -> set[Id]:
    """Return the messages of code and templates, found as `make words` finds them."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    methods = [(each["pattern"], each["method"]) for each in mappings]
    options = {each["pattern"]: each for each in mappings}
    found: set[Id] = set()
    for folder in ("src/paperround", "templates"):
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, methods, options):
            found.add(message if isinstance(message, str) else tuple(message))
    return found


def catalogue(language: Language) -> Catalog:
    with (installed.translations() / f"{language}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def messages(language: Language) -> Iterator[Message]:
    return (each for each in catalogue(language) if each.id)


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def test_there_is_a_catalogue_for_each_language_that_can_be_chosen() -> None:
    assert sorted(installed.translations().iterdir()) == [
        installed.translations() / f"{each}.po" for each in sorted(OTHERS)
    ]
    choices = SubscriberForm.model_json_schema()["properties"]["language"]["enum"]
    assert choices == [*Language]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_words_for_all_that_is_said_and_for_nothing_else(language: Language) -> None:
    worded = {each.id for each in messages(language) if not each.fuzzy and all(forms(each))}
    assert worded == said()


@pytest.mark.parametrize("language", OTHERS)
def test_words_have_the_places_of_their_english_and_a_form_for_each_count(language: Language) -> None:
    plurals = catalogue(language).num_plurals
    for each in messages(language):
        english = each.id[-1] if isinstance(each.id, tuple) else str(each.id)
        assert [places(form) for form in forms(each)] == [places(english)] * len(forms(each)), english
        assert len(forms(each)) == (plurals if isinstance(each.id, tuple) else 1), english


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


RENDER = """
import hashlib
from paperround.rendering import Renderer
from tests.fakes import digests
out = Renderer().render({digest}, footer=digests.FOOTER)
print(hashlib.sha256((out.subject + out.html + out.text).encode()).hexdigest())
"""


@pytest.mark.parametrize("digest", ["digests.full()", "digests.in_german(digests.full())"])
def test_the_language_of_the_machine_changes_no_byte(digest: str) -> None:
    def rendered(locale: str) -> str:
        environ = {**os.environ, "LC_ALL": locale, "LANGUAGE": locale, "LANG": locale, "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", RENDER.format(digest=digest)]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert rendered("C") == rendered("fr_FR.UTF-8") == rendered("tr_TR.UTF-8")


# What a mail holds, other than what we say: tags, style sheets, and what Jinja puts in or leaves out.
NOT_SAID = re.compile(r"\[#.*?#\]|\{#.*?#\}|\[\[.*?\]\]|\[%.*?%\]|\{\{.*?\}\}|\{%.*?%\}|&\w+;", re.DOTALL)
STYLE_SHEET = re.compile(r"<(mj-style|style)>.*?</\1>", re.DOTALL)
ATTRIBUTE = re.compile(r"\b(?:alt|title|aria-label)=\"([^\"]*)\"")
TAG = re.compile(r"<[^>]*>")
# These pages are for operators, who are spoken to in English.
FOR_OPERATORS = {"preview.html.j2", "status.html.j2"}
READ = sorted(each for each in installed.templates().rglob("*.j2") if each.name not in FOR_OPERATORS)


def words_past_jinja(text: str) -> list[str]:
    shown = STYLE_SHEET.sub("", NOT_SAID.sub("", text))
    return re.findall(r"[^\W\d_]+", " ".join([TAG.sub("", shown), *ATTRIBUTE.findall(shown)]))


@pytest.mark.parametrize("template", READ, ids=lambda path: path.name)
def test_no_template_says_a_word_past_the_catalogues(template: Path) -> None:
    assert words_past_jinja(template.read_text("utf-8")) == []


def test_a_word_past_the_catalogues_would_be_found() -> None:
    text = '<p class="x">{{ _("in") }} out</p><img alt="beside {{ x }}" width="1">&nbsp;[[ y ]]'
    assert words_past_jinja(text) == ["out", "beside"]
