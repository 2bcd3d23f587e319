"""What is logged, by us and by the libraries that we use: on a terminal and elsewhere."""

import json
import re
import subprocess
import sys
from datetime import date

import pytest
from tests.fakes.terminal import said_on_a_terminal

from paperround import logs
from paperround.ports import SubscriberId
from paperround.settings import DkimKey, DkimSettings, ImapSettings, WebSettings
from paperround.tokens import PREFERENCES, UNSUBSCRIBE, digest_token, token, without_tokens

SECRET = bytes(range(32))
TOKENS = [
    token(SECRET, UNSUBSCRIBE, SubscriberId(7)),
    token(SECRET, PREFERENCES, SubscriberId(123456)),
    digest_token(SECRET, SubscriberId(7), date(2026, 6, 16)),
]
HOSTILE = "one\ntwo\r\n2026-06-16T00:00:00Z [error] three\x1b[31m four\u2028five\u202esix\x9b7\x00"

PROGRAM = f"""
import logging, warnings
import structlog
from paperround import logs
logs.configure(logging.INFO)
log = structlog.get_logger()
log.info("a.quiet", value={HOSTILE!r}, several=[{HOSTILE!r}], named={{"key": {HOSTILE!r}}})
log.debug("a.detail")
logging.getLogger("a.library").warning("it said %s", {HOSTILE!r})
logging.getLogger("a.library").info("too much")
warnings.warn({HOSTILE!r})
try:
    raise ValueError({HOSTILE!r} + "{TOKENS[0]}")
except ValueError:
    log.exception("a.failure", of="ada@example.org")
    logging.getLogger("a.library").exception("Exception in it\\n")
log.info("the.end")
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    file = tmp_path_factory.mktemp("logs") / "program.py"
    file.write_text(PROGRAM)
    return [sys.executable, str(file)]


def test_elsewhere_each_event_is_one_line_of_json(program: list[str]) -> None:
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    lines = done.stderr.split("\n")
    assert lines.pop() == ""
    assert lines == done.stderr.splitlines()  # which knows more ends of a line
    events = [json.loads(line) for line in lines]
    assert [each["event"] for each in events] == [
        "a.quiet",
        f"it said {HOSTILE}",
        events[2]["event"],
        "a.failure",
        "Exception in it\n",
        "the.end",
    ]
    assert all({"level", "timestamp"} <= each.keys() for each in events)
    assert events[0]["value"] == events[0]["several"][0] == events[0]["named"]["key"] == HOSTILE
    assert "UserWarning: one" in events[2]["event"]
    for failure in events[3:5]:
        assert "in <module>" in failure["exception"]
        assert failure["exception"].endswith("[token]")
    assert events[3]["of"] == "a…@example.org"


def test_on_a_terminal_no_event_looks_like_two(program: list[str]) -> None:
    code, coloured = said_on_a_terminal(program)
    assert code == 0
    said = re.sub(r"\x1b\[[0-9]*m", "", coloured)
    lines = said.split("\n")
    events = [line.partition("] ")[2] for line in lines if line and not line.startswith("    ")]
    beginnings = ("a.quiet", "it said one\\ntwo", "/", "a.failure", "Exception in it", "the.end")
    assert len(events) == len(beginnings)
    assert all(map(str.startswith, events, beginnings))
    assert "\x1b" not in said
    assert "\\x1b[31m" in said
    assert all(each.isprintable() for each in lines)
    assert "[token]" in said
    assert TOKENS[0] not in said
    assert "ada@example.org" not in said


@pytest.mark.parametrize("given", TOKENS)
def test_whatever_has_the_form_of_a_token_is_left_out(given: str) -> None:
    for before, after in [
        ("", ""),
        ("/digest/", " HTTP/1.1"),
        ("bounces+", "@example.org"),
        ("x", "yz9"),
        ("-", "-"),
    ]:
        shown = without_tokens(f"{before}{given}{after}")
        assert "[token]" in shown
        assert given[-20:] not in shown
        assert shown == without_tokens(shown)
    assert given.upper()[-20:] not in without_tokens(given.upper())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<ada@example.org>: Relay access denied", "<a…@example.org>: Relay access denied"),
        ("to=ada.lovelace+x@mail.example.org,bob@b.example", "to=a…@mail.example.org,b…@b.example"),
        ("https://user:password@example.org/", "https://user:p…@example.org/"),
        ("größe@bücher.example", "g…@bücher.example"),
        ("meet @noon, or a@b", "meet @noon, or a@b"),
    ],
)
def test_an_address_is_shortened(text: str, shown: str) -> None:
    assert logs.private(text) == shown


def test_what_the_settings_hide_is_left_out() -> None:
    logs.conceal(
        DkimSettings(
            selector="s",
            domain="example.org",
            key="-----BEGIN\nMIIthefirst\nline\n",
            ed25519=DkimKey(selector="t", key="another-key"),
        )
    )
    logs.conceal(WebSettings(metrics_token="the-token-of-metrics"))  # noqa: S106 - nobody's
    logs.conceal(ImapSettings(host="h", port=1, username="papers-user", password="pass-word"))  # noqa: S106
    told = logs.private("MIIthefirst another-key the-token-of-metrics pass-word line papers-user example")
    assert told == "[secret] [secret] [secret] [secret] line papers-user example"


def test_a_long_text_that_begins_like_one_token_after_the_other_is_read_once() -> None:
    for text in ("1-" * 200_000, "a" * 400_000, "a@" * 200_000):
        assert logs.private(text) == text
