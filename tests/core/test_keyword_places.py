"""Where the keywords of the subscribers stand."""

from pathlib import Path

from paperround.config import subscriptions
from paperround.config.fitting import Findings, Sheet
from paperround.config.keyword_places import Wish, places
from paperround.config.problems import dotted
from paperround.config.yaml_lines import parse

TEXT = """\
defaults:
  exclude: [survey]
subscribers:
  - email: ada@example.org
    keywords:
      - LoRA
      - {all: [planning, LLM], weight: 2}
    exclude:
      - benchmark
  - email: grace@example.org
    keywords: &shared
      - LoRA
  - email: joan@example.org
    keywords: *shared
"""


def found(text: str) -> list[tuple[int, str, str, Wish]]:
    document = parse(text.encode(), Path("s.yaml"))
    subscribers = subscriptions.read(Sheet(document, Findings()), sender=None)
    return [
        (each.line, dotted(each.path), each.keyword.text, each.wish) for each in places(document, subscribers)
    ]


def test_each_keyword_is_found_on_its_line_and_a_default_once() -> None:
    assert found(TEXT) == [
        (6, "subscribers[0].keywords[0]", "LoRA", Wish.WANTED),
        (7, "subscribers[0].keywords[1]", "planning + LLM", Wish.WANTED),
        (9, "subscribers[0].exclude[0]", "benchmark", Wish.EXCLUDED),
        (12, "subscribers[1].keywords[0]", "LoRA", Wish.WANTED),
        (2, "defaults.exclude[0]", "survey", Wish.EXCLUDED),
        (12, "subscribers[2].keywords[0]", "LoRA", Wish.WANTED),
    ]


def test_a_file_without_keywords_has_no_places() -> None:
    assert found("subscribers: [{email: ada@example.org, authors: [Yann LeCun]}]") == []
