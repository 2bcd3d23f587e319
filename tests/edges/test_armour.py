"""What every answer has, who is answered, and how long anybody is waited for."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.fakes.asking import ask
from tests.fakes.serving import PATIENCE, raw, serving
from tests.fakes.site import Site

from paperround.settings import Mailbox, Settings, WebSettings
from paperround.web.armour import Armour, name_of
from paperround.web.monitoring import Probes
from paperround.web.server import Bounds
from paperround.website import hosts

PUBLIC = "papers.example.org"
SOON = timedelta(milliseconds=100)
PROMISED = {"content-security-policy", "referrer-policy", "x-content-type-options", "cache-control"}
PROBES = Probes(ready=str, metrics=lambda: b"up 1\n")


def site(hosts: Collection[str] | None = (PUBLIC,)) -> Starlette:
    return Site().app(hosts=hosts, probes=PROBES)


@pytest.mark.parametrize(
    "host",
    [
        PUBLIC,
        "Papers.Example.ORG",
        f"{PUBLIC}:443",
        f"{PUBLIC}.",
        "localhost:8080",
        "127.0.0.1",
        "[::1]:8080",
    ],
)
def test_who_asks_by_one_of_our_names_is_answered(host: str) -> None:
    ours = Site()
    assert ask("GET", ours.link, ours.app(hosts=[PUBLIC]), headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "", f"evil.{PUBLIC}", f"{PUBLIC}.evil.example", "192.0.2.1", f"a@{PUBLIC}", "[::1"],
)
def test_who_asks_by_another_name_is_not(host: str) -> None:
    ours = Site()
    answer = ask("GET", ours.link, ours.app(hosts=[PUBLIC]), headers={"Host": host})
    assert answer.status_code == 421
    assert "Nothing was changed" in answer.text
    assert answer.headers.keys() >= PROMISED


def test_a_program_that_watches_asks_by_whatever_name() -> None:
    for path in ("/healthz", "/readyz"):
        assert ask("GET", path, site(), headers={"Host": "paperround:8080"}).status_code == 200
    # Without a token, metrics are for this machine, which has a name of its own.
    assert ask("GET", "/metrics", site(), headers={"Host": "localhost:8080"}).status_code == 200
    assert ask("GET", "/metrics", site(), headers={"Host": "evil.example"}).status_code == 404


def test_a_name_that_is_not_ours_is_told_once() -> None:
    ours = site()
    with structlog.testing.capture_logs() as events:
        for number in (1, 1, *range(50)):
            ask("GET", "/", ours, headers={"Host": f"{number}." + "x" * 500})
    assert [each["event"] for each in events] == ["host.unknown"] * 10
    assert all(len(each["host"]) == 100 for each in events)


def test_the_name_in_a_host_header_is_read_without_its_port() -> None:
    names = ["a.example", "a.example:1", "[2001:db8::1]:80", "[2001:db8::1]", "A.", "", ":80"]
    expected = ["a.example", "a.example", "2001:db8::1", "2001:db8::1", "a", "", ":80"]
    assert list(map(name_of, names)) == expected


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://papers.example.org/round", "papers.example.org"),
        ("https://bücher.example:8443", "xn--bcher-kva.example"),
        (None, "127.0.0.1"),
    ],
)
def test_the_names_are_those_of_the_config_as_browsers_say_them(public_url: str | None, name: str) -> None:
    web = WebSettings(hosts=("intranet.example", "10.0.0.7"))
    sender = Mailbox(name="", address="papers@example.org")
    config = Settings(
        sender=sender,
        sources=(),
        subscribers=(),
        store="",
        outbox=Path(),
        public_url=public_url,
        web=web,
    )
    assert hosts(config) == {name, "127.0.0.1", "intranet.example", "10.0.0.7"}


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["link", "/healthz", "/readyz", "/metrics", "/", "/nowhere", "/%00", "//"])
def test_every_answer_has_its_headers_and_no_cookie(method: str, path: str) -> None:
    ours = Site()
    answer = ask(method, ours.link if path == "link" else path, ours.app(hosts=[PUBLIC], probes=PROBES))
    assert answer.status_code < 500
    assert answer.headers.keys() >= PROMISED
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "set-cookie" not in answer.headers
    if answer.status_code == 405:
        assert "GET" in answer.headers["allow"]


def test_what_an_answer_says_of_itself_is_left_as_it_is() -> None:
    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("", headers={"Cache-Control": "max-age=60"})

    inner = Starlette(routes=[Route("/", page)])
    inner.add_middleware(Armour, hosts=None, refuse=lambda status: PlainTextResponse("", status))
    answer = ask("GET", "/", inner)
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["referrer-policy"] == "no-referrer"


# --- a real server ------------------------------------------------------------------------------------


def test_a_head_that_comes_byte_by_byte_is_not_waited_for() -> None:
    drips = (b"GET / HTTP/1.1\r\n", *[b"X: x\r\n"] * 40)
    assert raw(site(), *drips, bounds=Bounds(head=SOON)) == b""


def test_who_says_nothing_is_not_waited_for() -> None:
    assert raw(site(), bounds=Bounds(head=SOON)) == b""


def test_a_second_request_that_does_not_end_is_not_waited_for() -> None:
    whole, half = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /healthz HTTP/1.1\r\n"
    answer = raw(site(), whole, half, bounds=Bounds(head=SOON))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_requests_one_behind_the_other_are_each_answered() -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    answer = raw(site(), request % b"" + request % b"" + request % b"Connection: close\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 3


def test_who_does_not_read_the_answer_is_not_waited_for() -> None:
    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("x" * 10_000_000)

    async def conversation() -> int:
        app = Starlette(routes=[Route("/", page)])
        async with serving(app, Bounds(head=SOON, answer=SOON)) as port:
            # What is read no further than this stays in the way of the rest.
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asyncio.sleep(10 * SOON.total_seconds())
            came = 0
            async with asyncio.timeout(PATIENCE):
                try:
                    while piece := await reader.read(65536):
                        came += len(piece)
                except ConnectionError:
                    pass
            writer.close()
            return came

    assert asyncio.run(conversation()) < 10_000_000


def test_a_head_that_is_too_large_is_refused() -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(20))
    answer = raw(site(), b"GET / HTTP/1.1\r\nHost: localhost\r\n" + fields)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


@pytest.mark.parametrize(
    ("bounds", "path", "answered"),
    [
        (Bounds(busy=2), b"/unsubscribe/1", b"HTTP/1.1 503"),
        (Bounds(busy=2), b"/healthz", b"HTTP/1.1 200"),  # so that nobody ends it for being busy
        (Bounds(connections=1), b"/healthz", b""),
    ],
)
def test_of_too_many_connections_the_last_are_sent_away(bounds: Bounds, path: bytes, answered: bytes) -> None:
    async def conversation() -> bytes:
        async with serving(site(), bounds) as port:
            _, first = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
            reader, second = await asyncio.open_connection("127.0.0.1", port)
            try:
                second.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
                async with asyncio.timeout(PATIENCE):
                    answer = await reader.read()
            except ConnectionError:
                answer = b""
            for writer in (first, second):
                writer.close()
            return answer

    answer = asyncio.run(conversation())
    assert answer[: len(b"HTTP/1.1 503")] == answered
    assert not answer or all(each.encode() in answer.lower() for each in PROMISED)
    assert (b"retry-after" in answer.lower()) == (b" 503" in answered)


HOSTILE = [
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


@pytest.mark.parametrize("request_", HOSTILE, ids=repr)
def test_what_is_no_good_request_is_refused_and_told_to_nobody(
    request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = raw(site(), request_, bounds=Bounds(head=10 * SOON))
    assert answer[:10] == b"HTTP/1.1 4"
    assert all(each.encode() in answer.lower() for each in PROMISED)
    assert capfd.readouterr().err == ""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield
