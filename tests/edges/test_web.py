import asyncio
import base64
import hashlib
import logging
import re
import signal
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from starlette.applications import Starlette
from tests.fakes.asking import URLENCODED, ask
from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.serving import raw, serving

from paperround.languages import Language
from paperround.ports import SubscriberId
from paperround.subscribers import Subscriber
from paperround.tokens import PREFERENCES, UNSUBSCRIBE, token
from paperround.web import Health, create_app

SECRET = bytes(range(32))
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
ADA = SubscriberId(7)
WELL = Health()
LINK = f"/unsubscribe/{token(SECRET, UNSUBSCRIBE, ADA)}"
CHOICES = f"/preferences/{token(SECRET, PREFERENCES, ADA)}"
READER = Subscriber(address="ada@example.org", timezone=ZoneInfo("Europe/London"), deliver_at=time(7))
FORGED = "/unsubscribe/1-7-" + "a" * 26
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    {"Content-Type": "multipart/form-data; boundary=x"},
)


class Suppressed:
    """A ledger that remembers who was suppressed, and why first."""

    def __init__(self) -> None:
        self.reasons: dict[SubscriberId, str] = {}

    def suppress(self, subscriber: SubscriberId, reason: str, *, now: datetime) -> None:
        assert now == NOON
        self.reasons.setdefault(subscriber, reason)


class FullDisk(Suppressed):
    """A ledger that cannot write."""

    def suppress(self, subscriber: SubscriberId, reason: str, *, now: datetime) -> None:
        raise OSError(28, "No space left on device", f"{subscriber} {reason} {now}")


def app(
    ledger: Suppressed | None = None,
    *,
    preferences: MemoryPreferences | None = None,
    language: Language = Language.ENGLISH,
    health: Health = WELL,
    sender_name: str = "Paper Round",
    templates: Path | None = None,
    patience: timedelta = timedelta(seconds=10),
) -> Starlette:
    return create_app(
        ledger=ledger or Suppressed(),
        preferences=preferences or MemoryPreferences(MemoryLedger()),
        readers={ADA: READER}.get,
        language={ADA: language}.get,
        secret=SECRET,
        health=lambda: health,
        now=lambda: NOON,
        sender_name=sender_name,
        templates=templates,
        patience=patience,
    )


def test_opening_the_link_changes_nothing_and_shows_a_button() -> None:
    ledger = Suppressed()
    for method in ("GET", "HEAD"):
        assert ask(method, LINK, app(ledger)).status_code == 200
    page = ask("GET", LINK, app(ledger)).text
    assert '<form method="post">' in page
    assert '<button name="List-Unsubscribe" value="One-Click">Unsubscribe</button>' in page
    assert ledger.reasons == {}


@pytest.mark.parametrize(("body", "headers"), [(ONE_CLICK, URLENCODED), MULTIPART])
def test_one_click_unsubscribes_in_both_forms(body: bytes, headers: dict[str, str]) -> None:
    ledger = Suppressed()
    answer = ask("POST", LINK, app(ledger), body, headers)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert not {"location", "set-cookie"} & answer.headers.keys()
    assert ledger.reasons == {ADA: "unsubscribed on 2026-06-16"}


def test_whoever_leaves_is_answered_in_their_language() -> None:
    speaking = app(language=Language.GERMAN)
    question = ask("GET", LINK, speaking).text
    assert '<html lang="de">' in question
    assert "<h1>Diese E-Mails abbestellen?</h1>" in question
    assert '<button name="List-Unsubscribe" value="One-Click">Abbestellen</button>' in question
    done = ask("POST", LINK, speaking, ONE_CLICK, URLENCODED).text
    assert "<p>Paper Round schickt Ihnen nichts mehr.</p>" in done
    assert "Es wurde nichts geändert" in ask("POST", LINK, speaking, b"", URLENCODED).text
    broken = app(FullDisk(), language=Language.GERMAN)
    assert "Das hat nicht geklappt" in ask("POST", LINK, broken, ONE_CLICK, URLENCODED).text


def test_whoever_is_not_known_is_answered_in_english() -> None:
    unknown = f"/unsubscribe/{token(SECRET, UNSUBSCRIBE, SubscriberId(8))}"
    for path in (FORGED, unknown, "/nowhere"):
        assert '<html lang="en">' in ask("GET", path, app(language=Language.GERMAN)).text


def test_a_second_click_changes_nothing() -> None:
    ledger = Suppressed()
    first, second = (ask("POST", LINK, app(ledger), ONE_CLICK, URLENCODED) for _ in range(2))
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert len(ledger.reasons) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"", URLENCODED),
        (ONE_CLICK, {}),
        (ONE_CLICK, {"Content-Type": "text/plain"}),
        (ONE_CLICK, {"Content-Type": "application/json"}),
        (ONE_CLICK, {"Content-Type": "multipart/form-data; boundary=x"}),
        (ONE_CLICK, {"Content-Type": "multipart/form-data"}),
        (b"list-unsubscribe=one-click", URLENCODED),
        (b"a=b&" * 100 + ONE_CLICK, URLENCODED),
        (MULTIPART[0], URLENCODED),
        (MULTIPART[0], {"Content-Type": "multipart/form-data; boundary=y"}),
        (MULTIPART[0].replace(b"name=", b"other="), MULTIPART[1]),
        (b"\xff\xfe\0" * 100, MULTIPART[1]),
        (b"--x\r\n" * 1000, MULTIPART[1]),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 140, MULTIPART[1]),
        (b"--x\r\nContent-Type: message/rfc822\r\n\r\n" * 180, MULTIPART[1]),
    ],
)
def test_any_other_request_changes_nothing(body: bytes, headers: dict[str, str]) -> None:
    ledger = Suppressed()
    answer = ask("POST", LINK, app(ledger), body, headers)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert ledger.reasons == {}


@pytest.mark.parametrize(
    "path",
    [
        FORGED,
        "/unsubscribe/x",
        "/unsubscribe/",
        "/unsubscribe/%00",
        "/",
        LINK + "/",
        "/unsubscribe/%2e%2e/healthz",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_link_leads_nowhere(method: str, path: str) -> None:
    ledger = Suppressed()
    answer = ask(method, path, app(ledger), ONE_CLICK, URLENCODED)
    assert answer.status_code == 404
    assert "This link leads nowhere" in answer.text
    assert ledger.reasons == {}


def test_other_methods_are_refused() -> None:
    answer = ask("PUT", LINK, app(), ONE_CLICK, URLENCODED)
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_a_failure_to_record_is_not_reported_as_done() -> None:
    answer = ask("POST", LINK, app(FullDisk()), ONE_CLICK, URLENCODED)
    assert answer.status_code == 500
    assert "That did not work" in answer.text
    assert "No space left" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", LINK),
        ("POST", LINK),
        ("GET", CHOICES),
        ("POST", CHOICES),
        ("GET", FORGED),
        ("PUT", LINK),
        ("GET", "/healthz"),
    ],
)
def test_no_answer_is_stored_indexed_or_passed_on(method: str, path: str) -> None:
    headers = ask(method, path, app(FullDisk()), ONE_CLICK, URLENCODED).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [LINK, CHOICES])
def test_a_page_runs_no_script_and_loads_nothing(path: str) -> None:
    answer = ask("GET", path, app())
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert not any(text in answer.text for text in ("<script", "src=", "href=", "url(", "http"))


def test_a_style_that_is_edited_while_pages_are_served_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/style.css").write_text("body { color: #123456 }", encoding="utf-8")
    site = app(templates=tmp_path)
    ask("GET", LINK, site)
    (tmp_path / "pages/style.css").write_text("body { color: #654321 } /* edited */", encoding="utf-8")
    answer = ask("GET", LINK, site)
    (style,) = re.findall(r"<style>(.*)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "edited" in style
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_a_sender_name_cannot_add_markup() -> None:
    page = ask("GET", LINK, app(sender_name="<script>alert(1)</script>")).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_page_can_be_replaced_by_a_file_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "unsubscribed.html.j2").write_text("Tschüss, {{ sender_name }}.", encoding="utf-8")
    answer = ask("POST", LINK, app(templates=tmp_path), ONE_CLICK, URLENCODED)
    assert answer.text == "Tschüss, Paper Round."


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "unsubscribed.html.j2",
            "\n{{ sender }}",
            "pages/unsubscribed.html.j2, line 2: 'sender' is undefined",
        ),
        ("page.html.j2", "{% block title %}", "pages/page.html.j2, line 1: "),
        ("style.css", "a {}\n{{ colour }}", "pages/style.css, line 2: 'colour' is undefined"),
    ],
)
def test_a_page_that_is_wrong_is_shown_as_it_is_built_in_and_told_of_once(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / name).write_text(text, encoding="utf-8")
    builtin = ask("POST", LINK, app(), ONE_CLICK, URLENCODED)
    with structlog.testing.capture_logs() as events:
        with_own = app(templates=tmp_path)
        answers = [ask("POST", LINK, with_own, ONE_CLICK, URLENCODED) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert {each.text for each in answers} == {builtin.text}
    policy = "Content-Security-Policy"
    assert {each.headers[policy] for each in answers} == {builtin.headers[policy]}
    (warned,) = [each for each in events if each["log_level"] == "warning"]
    assert warned["reason"].startswith(reason)


def test_health_says_what_is_wrong_and_what_is_only_to_be_known() -> None:
    notes = ("waiting for arXiv",)
    well = ask("GET", "/healthz", app(health=Health(notes=notes)))
    assert (well.status_code, well.json()) == (200, {"status": "ok", "problems": [], "notes": [*notes]})
    ill = ask("GET", "/healthz", app(health=Health(problems=("arXiv: no answer",), notes=notes)))
    assert (ill.status_code, ill.json()["status"]) == (503, "failing")
    assert (ill.json()["problems"], ill.json()["notes"]) == (["arXiv: no answer"], [*notes])


def test_an_unsubscription_is_logged_without_its_token() -> None:
    with structlog.testing.capture_logs() as events:
        ask("POST", LINK, app(), ONE_CLICK, URLENCODED)
    assert events == [{"event": "subscriber.unsubscribed", "subscriber": ADA, "log_level": "info"}]


# --- a real server ------------------------------------------------------------------------------------


def post(body: bytes, *headers: str, path: str = LINK) -> bytes:
    fields = ("Host: papers.example.org", "Content-Type: application/x-www-form-urlencoded", *headers)
    return "\r\n".join((f"POST {path} HTTP/1.1", *fields, "", "")).encode() + body


def test_a_body_in_small_pieces_is_read_whole() -> None:
    ledger = Suppressed()
    request = post(ONE_CLICK, f"Content-Length: {len(ONE_CLICK)}", "Connection: close")
    pieces = (request[start : start + 40] for start in range(0, len(request), 40))
    answer = raw(app(ledger), *pieces)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert ADA in ledger.reasons


def test_a_chunked_body_is_read() -> None:
    ledger = Suppressed()
    chunked = b"10\r\nList-Unsubscribe\r\na\r\n=One-Click\r\n0\r\n\r\n"
    assert raw(app(ledger), post(chunked, "Transfer-Encoding: chunked", "Connection: close")).startswith(
        b"HTTP/1.1 200 "
    )
    assert ADA in ledger.reasons


@pytest.mark.parametrize("path", [LINK, CHOICES])
@pytest.mark.parametrize("head", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
def test_a_large_body_is_refused_before_it_has_come(head: str, path: str) -> None:
    ledger = Suppressed()
    start = ONE_CLICK + b"&" + b"x" * (9_000 if path is LINK else 132_000)
    body = b"%x\r\n%s\r\n" % (len(start), start) if "chunked" in head else start
    answer = raw(app(ledger), post(body, head, path=path))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert ledger.reasons == {}


@pytest.mark.parametrize("path", [LINK, CHOICES])
def test_a_body_that_does_not_come_is_given_up(path: str) -> None:
    ledger = Suppressed()
    request = post(ONE_CLICK, "Content-Length: 1000", path=path)
    answer = raw(app(ledger, patience=timedelta(milliseconds=50)), request)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert ledger.reasons == {}


@pytest.mark.parametrize("path", [FORGED, "/nowhere"])
def test_a_body_that_nobody_reads_keeps_no_connection(path: str) -> None:
    answer = raw(app(), post(b"x", "Content-Length: 1000000", path=path))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_whoever_hangs_up_half_way_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Suppressed()

    async def conversation() -> None:
        async with serving(app(ledger)) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(ONE_CLICK, "Content-Length: 1000"))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.05)

    asyncio.run(conversation())
    assert ledger.reasons == {}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_no_log_holds_a_token(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    close = (f"Content-Length: {len(ONE_CLICK)}", "Connection: close")
    raw(app(), post(ONE_CLICK, *close))
    raw(app(FullDisk()), post(ONE_CLICK, *close))
    raw(app(), post(ONE_CLICK, *close, path=FORGED))
    raw(app(), post(ONE_CLICK, *close, path=CHOICES))
    raw(app(), f"NONSENSE {LINK}\r\n\r\n".encode())
    logged = caplog.text + "".join(capfd.readouterr())
    assert "Exception in ASGI application" in logged
    assert LINK.rpartition("/")[2] not in logged
    assert FORGED.rpartition("/")[2] not in logged
    assert CHOICES.rpartition("/")[2] not in logged


def test_the_server_leaves_signals_to_the_service() -> None:
    async def handler() -> object:
        async with serving(app()):
            await asyncio.sleep(0.05)
            return signal.getsignal(signal.SIGTERM)

    assert asyncio.run(handler()) is signal.SIG_DFL
