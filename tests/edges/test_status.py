"""The page that says how it stands, who may see it, and the command that says the same."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from tests.fakes.asking import ask
from tests.fakes.overviews import HOSTILE, NOW, ill, well
from tests.fakes.plans import bring_to
from tests.fakes.serving import serving
from tests.fakes.site import SECRET, Site
from tests.fakes.smtp_sink import free_port

from paperround.alarms import Turn
from paperround.app import utc_now
from paperround.cli import main
from paperround.overview import Overview
from paperround.ports import Status
from paperround.store import open_store
from paperround.tokens import PREFERENCES, STATUS, shows_status, status_token, token
from paperround.web.pages import policy_hash
from paperround.web.status import Lookout

TODAY = NOW.date()
LINK = f"/status/{status_token(SECRET, TODAY)}"


def app(overview: Callable[[], Overview] = well) -> Starlette:
    return Site().app(lookout=Lookout(overview=overview, now=lambda: NOW))


# Who may see it.


def test_a_token_shows_it_up_to_its_day_to_whoever_holds_it() -> None:
    assert ask("GET", LINK, app()).status_code == 200
    assert shows_status(SECRET, status_token(SECRET, TODAY), on=TODAY)
    assert not shows_status(SECRET, status_token(SECRET, TODAY), on=TODAY + timedelta(days=1))
    yesterday = f"/status/{status_token(SECRET, TODAY - timedelta(days=1))}"
    assert ask("GET", yesterday, app()).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "1-20261125-" + "a" * 26,
        "1-20261399-" + "a" * 26,
        status_token(bytes(32), TODAY),
        token(SECRET, STATUS, Site().ada),
        token(SECRET, PREFERENCES, Site().ada),
        status_token(SECRET, TODAY).replace("2026", "2027"),
    ],
)
def test_nothing_else_does(given: str) -> None:
    answer = ask("GET", f"/status/{given}", app())
    assert answer.status_code == 404
    assert "leads nowhere" in answer.text


def test_a_token_for_it_opens_no_page_of_a_reader() -> None:
    given = status_token(SECRET, date(2026, 1, 1))
    for path in ("unsubscribe", "preferences", "digest"):
        assert ask("GET", f"/{path}/{given}", app()).status_code == 404


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"Host": "127.0.0.1:8080"}, 200),
        ("192.0.2.1", {}, 404),
        ("127.0.0.1", {"Host": "papers.example.org"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 404),
        ("testclient", {}, 404),
    ],
)
def test_without_a_token_it_is_for_this_machine_alone(
    client: str, headers: dict[str, str], status: int
) -> None:
    async def conversation() -> int:
        transport = httpx.ASGITransport(app(), client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return (await http.get("/status", headers=headers)).status_code

    assert asyncio.run(conversation()) == status


def test_what_a_proxy_asks_that_names_nobody_is_not_of_this_machine() -> None:
    async def conversation() -> list[bytes]:
        answers = []
        async with serving(app()) as port:
            for http in (b"HTTP/1.0", b"HTTP/1.1"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /status %s\r\nHost: localhost\r\nConnection: close\r\n\r\n" % http)
                answers.append((await reader.read())[:13])
                writer.close()
        return answers

    assert asyncio.run(conversation()) == [b"HTTP/1.1 404 ", b"HTTP/1.1 200 "]


# What it shows.


@pytest.mark.parametrize("overview", [well, ill, lambda: Overview(at=NOW, version="1")])
def test_it_runs_no_script_and_styles_nothing_in_place(overview: Callable[[], Overview]) -> None:
    answer = ask("GET", LINK, app(overview))
    (style,) = re.findall(r"<style>(.*)</style>", answer.text, re.DOTALL)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src '{policy_hash(style)}'; ")
    assert "unsafe" not in policy
    for word in ("<script", "style=", "href=", "src=", "onload"):
        assert word not in answer.text


def test_what_others_said_is_text() -> None:
    page = ask("GET", LINK, app(ill)).text
    assert page.count("&lt;script&gt;") == page.count(HOSTILE.replace("<", "&lt;").replace(">", "&gt;")) >= 4
    assert "<code>paperround check</code>" in page


def test_it_shows_problems_what_waits_the_days_and_the_sources() -> None:
    page = re.sub(r"<[^>]+>", " ", ask("GET", LINK, app(ill)).text)
    for text in (
        "2 problems",
        "subscribers.yaml:12",
        "It is unknown what became of 2 deliveries",
        "The relay is left alone until 08:48 UTC",
        "900 letters to go out, the oldest since 2026-11-25 07:40 UTC",
        "it waits for arXiv",
        "Wed 25 Nov",
        "1,400",
        "failed: 503",
        "Readers without mail: bounced",
        "123,456",
    ):
        assert text in page
    assert "All is well" in ask("GET", LINK, app(well)).text


def test_plots_can_be_read_with_ears_and_beside_tables() -> None:
    page = ask("GET", LINK, app(ill)).text
    drawings = [ET.fromstring(each) for each in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314
    assert [each.findtext("title") for each in drawings] == ["Mails by day", "Papers announced by day"]
    assert all(each.findtext("desc") for each in drawings)
    assert len(re.findall(r"<table>", page)) == 2
    kinds = {each.attrib["class"] for each in drawings[0].iter("rect")}
    assert kinds == {"sent", "waiting", "unknown", "failed"}


def _hours_ago(hours: int) -> datetime:
    return utc_now() - timedelta(hours=hours)


# The command, and the real store below the page.

CONFIG = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
outbox: {folder}/outbox
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
web: {{host: 127.0.0.1, port: {port}}}
"""


@pytest.fixture
def paperround(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    config = tmp_path / "config"
    config.mkdir()
    port = asyncio.run(free_port())
    (config / "paperround.yaml").write_text(CONFIG.format(folder=tmp_path, port=port))
    (config / "subscribers.yaml").write_text("subscribers: [{email: ada@example.org, keywords: [LoRA]}]")
    (config / "papers.jsonl").write_text("")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["paperround", *arguments, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            main()
        structlog.reset_defaults()  # the command logs to a stream that ends with the test
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


def answered(paperround: Callable[..., tuple[int, str]]) -> tuple[int, Any]:
    code, said = paperround("status", "--json")
    return code, json.loads(said)


def test_the_command_says_what_the_store_holds_and_that_no_service_runs(
    paperround: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        ids = store.ledger.enrol(["ada@example.org"], now=NOW)
        bring_to(store.ledger, ids["ada@example.org"], Status.SENT)
    code, said = paperround("status")
    assert code == 0
    assert said.startswith("All is well. paperround ")
    assert "No service answers at http://127.0.0.1:" in said
    assert "Deliveries: sent  1" in said
    code, told = answered(paperround)
    assert (code, told["problems"], told["deliveries"]["sent"]) == (0, [], 1)
    assert "ada@" not in said + json.dumps(told)


def test_the_command_ends_1_where_something_is_wrong(
    paperround: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        ids = store.ledger.enrol(["ada@example.org"], now=NOW)
        noted = store.ledger.begin_round(date(2026, 6, 16), list(ids.values()), now=_hours_ago(7))
        assert store.ledger.end_round(noted, now=_hours_ago(6))
    code, told = answered(paperround)
    assert code == 1
    assert "does not balance" in told["problems"][0]


def test_a_service_that_is_gone_is_a_problem_and_one_that_just_worked_is_none(
    paperround: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        store.alarms.enter(Turn(), now=_hours_ago(20))
    code, told = answered(paperround)
    assert code == 1
    assert "has not worked since" in told["problems"][0]
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        store.alarms.enter(Turn(), now=_hours_ago(0))
    assert answered(paperround)[0] == 0


def test_the_link_of_the_command_shows_the_page(
    paperround: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, said = paperround("status", "--link")
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/status/1-[0-9]{8}-[a-z2-7]{26}\n", said)
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        secret = store.ledger.secret()
    assert shows_status(secret, said.strip().rpartition("/")[2], on=_hours_ago(0).date() + timedelta(days=29))
