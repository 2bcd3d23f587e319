"""The HTTP client against servers that are slow, large, broken or sly."""

import asyncio
import gzip
import re
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from paperround.ports import SourceError
from paperround.sources.http import Client, Limits, Response
from paperround.sources.pace import Pace
from paperround.sources.troubles import RejectedError

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
LIMITS = Limits(
    connect=timedelta(seconds=5),
    read=timedelta(seconds=5),
    attempt=timedelta(seconds=10),
    total=timedelta(seconds=30),
    first_wait=timedelta(0),
    body=1_000_000,
)
WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def answer(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> bytes:
    """An answer as it goes over the wire."""
    fields = {"Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


class Server:
    """Gives one answer after the other, and the last for ever; keeps what it was asked."""

    def __init__(self, *answers: bytes, then_silent: bool = False, dripping: bool = False) -> None:
        self.answers = answers
        self.then_silent = then_silent
        self.dripping = dripping
        self.asked: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            given = self.answers[min(len(self.asked), len(self.answers)) - 1]
            for piece in [given[i : i + 1] for i in range(len(given))] if self.dripping else [given]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02 if self.dripping else 0)
            if self.then_silent:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


Question = Callable[[Client, str], Awaitable[Response | None]]


def ask(server: Server, question: Question, *, limits: Limits = LIMITS, contact: str = "") -> Response | None:
    async def asking() -> Response | None:
        async with server.running() as url, client(limits, contact) as asker:
            return await question(asker, url)

    return asyncio.run(asking())


def client(limits: Limits = LIMITS, contact: str = "") -> Client:
    transport = httpx.AsyncHTTPTransport(verify=WITHOUT_TLS)
    return Client(limits=limits, contact=contact, transport=transport, now=lambda: NOON)


def get(server: Server, *, limits: Limits = LIMITS, contact: str = "") -> Response:
    response = ask(server, lambda asker, url: asker.get(url), limits=limits, contact=contact)
    assert response is not None
    return response


def test_an_answer_comes_with_what_is_needed_of_its_headers() -> None:
    link = '<https://e.org/list?p=1>; rel="next"'
    server = Server(answer(ETag='"1"', Content_Type="text/plain", Link=link))
    assert get(server) == Response(
        body=b"hello", content_type="text/plain", etag='"1"', link_next="https://e.org/list?p=1"
    )


@pytest.mark.parametrize(
    ("contact", "sent"),
    [
        ("papers@e.org", "(+mailto:papers@e.org)"),
        ("mailto:papers@e.org", "(+mailto:papers@e.org)"),
        ("https://e.org", "(+https://e.org)"),
        ("", ""),
        ("a\r\nX-Injected: (1)é", "(+aX-Injected:1)"),
    ],
)
def test_every_request_says_who_asks(contact: str, sent: str) -> None:
    server = Server(answer())
    get(server, contact=contact)
    (line,) = [line for line in server.asked[0].splitlines() if line.startswith("User-Agent: ")]
    name, _, rest = line.removeprefix("User-Agent: ").partition(" ")
    assert name.startswith("paperround/")
    assert rest == sent


def test_parameters_join_those_of_the_address() -> None:
    server = Server(answer())
    ask(server, lambda asker, url: asker.get(url + "/list?key=1", params={"p": "0"}))
    assert server.asked[0].startswith("GET /list?key=1&p=0 ")


def test_an_unchanged_answer_is_not_sent_again() -> None:
    server = Server(answer(b"", "304 Not Modified"))
    assert ask(server, lambda asker, url: asker.get_if_changed(url, etag='"1"')) is None
    assert 'If-None-Match: "1"\r\n' in server.asked[0]


def test_unchanged_is_no_answer_to_who_has_nothing() -> None:
    with pytest.raises(SourceError, match="304 Not Modified"):
        get(Server(answer(b"", "304 Not Modified")))


@pytest.mark.parametrize("etag", ["", "x" * 1_001, "\xe9"])
def test_an_etag_that_cannot_be_sent_back_is_not_kept(etag: str) -> None:
    assert get(Server(answer(ETag=etag))).etag is None


@pytest.mark.parametrize("status", ["429 Slow down", "500 Oops", "503 Oops", "599 Odd"])
def test_what_may_pass_is_asked_again(status: str) -> None:
    server = Server(answer(status=status), answer())
    assert get(server).body == b"hello"
    assert len(server.asked) == 2


def test_patience_ends_with_the_third_try() -> None:
    server = Server(answer(status="503 Buy pills!"))
    with pytest.raises(SourceError, match=r"^503 Service Unavailable after 3 tries$"):
        get(server)
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_what_will_not_pass_is_asked_once(status: int) -> None:
    server = Server(answer(status=f"{status} No"))
    with pytest.raises(RejectedError, match=f"^{status} ") as caught:
        get(server)
    assert caught.value.status == status
    assert len(server.asked) == 1


def test_arxiv_says_forbidden_to_who_asks_too_often() -> None:
    server = Server(answer(status="403 Forbidden"), answer())
    pace = Pace(timedelta(0))
    assert ask(server, lambda asker, url: asker.get(url, pace=pace)) is not None
    assert len(server.asked) == 2


@pytest.mark.parametrize("wait", ["0", "Tue, 16 Jun 2026 11:00:00 GMT", "Tue, 16 Jun 2026 12:00:00 -0000"])
def test_a_wait_that_is_over_is_none(wait: str) -> None:
    server = Server(answer(status="429 Wait", Retry_After=wait), answer())
    assert get(server, limits=replace(LIMITS, first_wait=timedelta(hours=1))).body == b"hello"


@pytest.mark.parametrize("wait", ["120", " 120 ", "Tue, 16 Jun 2026 12:02:00 GMT"])
def test_who_asks_for_a_long_wait_is_left_alone_at_once(wait: str) -> None:
    server = Server(answer(status="503 Wait", Retry_After=wait))
    with pytest.raises(
        SourceError, match=r"^503 Service Unavailable; asked to wait 2 min, until 2026-06-16 12:02 UTC$"
    ):
        get(server, limits=replace(LIMITS, total=timedelta(hours=1)))
    assert len(server.asked) == 1


def test_a_wait_that_was_over_is_not_mentioned() -> None:
    server = Server(answer(status="429 Wait", Retry_After="Tue, 16 Jun 2026 11:00:00 GMT"))
    with pytest.raises(SourceError, match=r"^429 Too Many Requests after 3 tries$"):
        get(server)


@pytest.mark.parametrize("wait", ["tomorrow", "-5", "9" * 30, "1e9", "٣", "Tue, 99 Jun 2026 12:02:00 GMT"])
def test_a_wait_that_is_nonsense_is_not_obeyed(wait: str) -> None:
    server = Server(answer(status="429 Wait", Retry_After=wait), answer())
    assert get(server).body == b"hello"


def test_a_wait_beyond_our_own_time_is_not_begun() -> None:
    server = Server(answer(status="429 Wait", Retry_After="50"))
    with pytest.raises(SourceError, match="asked to wait 50 s"):
        get(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (Server(b"", then_silent=True), "no answer within 0.05 s after 3 tries"),
        (Server(answer(b"he", Content_Length="5"), then_silent=True), "silent for 0.05 s after 2 bytes"),
        (Server(answer(b"x" * 1_000), dripping=True), "no complete answer within 0.2 s after 3 tries"),
        (Server(b""), "closed without an answer after 3 tries"),
        (Server(b"SSH-2.0-OpenSSH\r\n"), "closed without an answer after 3 tries"),
        (Server(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000), "closed without an answer after 3 tries"),
        (
            Server(answer(b"hello", Content_Length="100000")),
            "the body ended early: 5 of 100,000 bytes after 3",
        ),
    ],
    ids=["silent", "stalled", "dripping", "closed", "not HTTP", "endless headers", "cut off"],
)
def test_a_broken_answer_is_an_error_that_says_how(server: Server, reason: str) -> None:
    limits = replace(LIMITS, read=timedelta(seconds=0.05), attempt=timedelta(seconds=0.2))
    with pytest.raises(SourceError, match=f"^{reason}"):
        get(server, limits=limits)


def test_all_tries_together_have_their_time() -> None:
    server = Server(answer(status="503 Oops"), b"", then_silent=True)
    limits = replace(LIMITS, total=timedelta(seconds=0.2))
    with pytest.raises(
        SourceError, match=r"^no complete answer within 0\.2 s; before that: 503 Service Unavailable$"
    ):
        get(server, limits=limits)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://../", f"http://{'a' * 64}.org/"])
def test_a_server_that_is_not_there_is_named(url: str) -> None:
    async def asking() -> None:
        async with client() as asker:
            await asker.get(url)

    host = re.escape(httpx.URL(url).host)
    with pytest.raises(SourceError, match=rf"^cannot connect to {host}: .* after 3 tries$"):
        asyncio.run(asking())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://e.org/",
        "file:///x",
        "e.org",
        "http://",
        "http://[::1",
        "http://e.org:0/",
        "//e.org/",
        "http://me:secret@e.org/",
    ],
)
def test_only_web_addresses_are_asked(url: str) -> None:
    async def asking() -> None:
        async with client() as asker:
            await asker.get(url)

    with pytest.raises(SourceError, match="its address"):
        asyncio.run(asking())


def compressed(body: bytes, bits: int) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, bits)
    return stream.compress(body) + stream.flush()


@pytest.mark.parametrize(("encoding", "bits"), [("gzip", 31), ("X-GZip", 31), ("deflate", 15)])
def test_a_compressed_body_is_read(encoding: str, bits: int) -> None:
    body = b"hello " * 100_000
    assert get(Server(answer(compressed(body, bits), Content_Encoding=encoding))).body == body


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"x" * 1_000_001, "identity", "more than 1 MB"),
        (gzip.compress(b"x" * 1_000_001), "gzip", "more than 1 MB"),
        (gzip.compress(b"hello")[:-9], "gzip", "the compressed body ended early"),
        (b"hello", "gzip", "the compressed body is damaged"),
        (b"hello", "br", "the body is compressed in a way that was not asked for"),
        (gzip.compress(gzip.compress(b"hello")), "gzip, gzip", "the body is compressed in a way"),
    ],
    ids=["large", "bomb", "cut off", "damaged", "brotli", "twice"],
)
def test_a_body_that_cannot_be_used_is_an_error_that_says_why(
    body: bytes, encoding: str, reason: str
) -> None:
    with pytest.raises(SourceError, match=f"^{reason}"):
        get(Server(answer(body, Content_Encoding=encoding)))


def test_a_bomb_takes_no_more_memory_than_is_allowed() -> None:
    bomb = answer(gzip.compress(b"\0" * 100_000_000), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="more than 1 MB"):
            get(Server(bomb))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_compressed_body_without_end_and_without_content_is_cut_off() -> None:
    empty_blocks = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = empty_blocks.compress(b"") + empty_blocks.flush(zlib.Z_SYNC_FLUSH)
    body = start + b"\x00\x00\x00\xff\xff" * 300_000
    with pytest.raises(SourceError, match="more than 1 MB"):
        get(Server(answer(body, Content_Encoding="gzip")))


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, Location=location)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_redirects_are_followed(status: str) -> None:
    server = Server(redirect("/b?x=1", status), redirect("c"), redirect("./d"), answer())
    assert get(server).body == b"hello"
    assert [asked.split()[1] for asked in server.asked] == ["/", "/b?x=1", "/c", "/d"]


def test_redirects_end_after_the_third() -> None:
    server = Server(redirect("/round"))
    with pytest.raises(SourceError, match=r"^redirected more than 3 times$"):
        get(server)
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "that is not plain http"),
        ("ftp://e.org/", "that is not plain http"),
        ("javascript:alert(1)", "that is not plain http"),
        ("http://user:secret@e.org/", "that is not plain http"),
        ("http://[::1", "that is not plain http"),
        ("http://xn--a/", "that is not plain http"),
        ("http://127.0.0.1:99999/", "that is not plain http"),
        ("http://localhost/", "localhost, which is not on the public internet"),
        ("http://169.254.169.254/latest/meta-data", "not on the public internet"),
        ("http://10.0.0.1/", "not on the public internet"),
        ("http://100.64.0.1/", "not on the public internet"),
        ("http://[::1]/", "not on the public internet"),
        ("http://[::ffff:127.0.0.1]/", "not on the public internet"),
        ("http://2130706434/", "not on the public internet"),
    ],
)
def test_no_redirect_leads_inside_or_elsewhere_than_the_web(location: str, reason: str) -> None:
    server = Server(redirect(location))
    with pytest.raises(SourceError, match=rf"^redirected to .*{reason}"):
        get(server)
    assert len(server.asked) == 1


class Web:
    """A web of hosts, by the address that the connection is made to."""

    def __init__(self, **answers: httpx.Response) -> None:
        self.answers = answers
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers[request.url.host]


def surf(web: Web, url: str, **names: str) -> Response:
    async def resolve(host: str, _port: int) -> Sequence[str]:
        return names[host].split()

    async def asking() -> Response:
        async with Client(limits=LIMITS, transport=httpx.MockTransport(web), resolve=resolve) as asker:
            return await asker.get(url)

    return asyncio.run(asking())


def moved(location: str) -> httpx.Response:
    return httpx.Response(302, headers={"Location": location})


def test_a_redirect_goes_to_the_very_address_that_was_checked() -> None:
    page = httpx.Response(200, stream=httpx.ByteStream(b"hello"))
    web = Web(**{"a.org": moved("https://b.org:8443/x"), "93.184.215.14": page})
    assert surf(web, "https://a.org/", **{"b.org": "93.184.215.14"}).body == b"hello"
    request = web.asked[1]
    assert str(request.url) == "https://93.184.215.14:8443/x"
    assert request.headers["Host"] == "b.org:8443"
    assert request.extensions["sni_hostname"] == "b.org"


@pytest.mark.parametrize("found", ["192.168.0.1", "93.184.215.14 192.168.0.1", "ff02::1", ""])
def test_a_name_that_may_lead_inside_is_not_followed(found: str) -> None:
    web = Web(**{"a.org": moved("https://b.org/")})
    with pytest.raises(SourceError, match=r"redirected to b\.org, which is not on the public internet"):
        surf(web, "https://a.org/", **{"b.org": found})


def test_encryption_is_not_dropped_on_the_way() -> None:
    with pytest.raises(SourceError, match=r"^redirected from https to plain http at a\.org$"):
        surf(Web(**{"a.org": moved("http://a.org/")}), "https://a.org/")


def test_no_cookie_is_kept() -> None:
    async def asking(server: Server) -> None:
        async with server.running() as url, client() as asker:
            await asker.get(url)
            await asker.get(url)

    server = Server(answer(Set_Cookie="a=1"))
    asyncio.run(asking(server))
    assert "cookie" not in server.asked[1].lower()


class Stream(httpx.AsyncByteStream):
    """A body that goes on, and knows whether it was let go."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.closed:
            yield b"x" * 100_000

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("status", [200, 404])
def test_a_body_that_is_not_read_to_its_end_is_let_go(status: int) -> None:
    stream = Stream()
    with pytest.raises(SourceError):
        surf(Web(**{"a.org": httpx.Response(status, stream=stream)}), "https://a.org/")
    assert stream.closed


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def test_requests_to_arxiv_are_three_seconds_apart_whoever_makes_them() -> None:
    clock = Clock()
    pages = {"export.arxiv.org": b"1", "rss.arxiv.org": b"2"}

    def host(request: httpx.Request) -> httpx.Response:
        clock.now += 1
        return httpx.Response(200, stream=httpx.ByteStream(pages[request.url.host]))

    async def asking() -> None:
        pace = Pace(timedelta(seconds=3), clock=clock, sleep=clock.sleep)
        async with Client(limits=LIMITS, arxiv=pace, transport=httpx.MockTransport(host)) as asker:
            await asyncio.gather(*(asker.get(f"https://{name}/") for name in [*pages, *pages]))

    asyncio.run(asking())
    assert clock.slept == [3, 3, 3]


def test_tries_again_keep_the_pace_too() -> None:
    clock = Clock()

    def host(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    async def asking() -> None:
        pace = Pace(timedelta(seconds=3), clock=clock, sleep=clock.sleep)
        async with Client(limits=LIMITS, transport=httpx.MockTransport(host)) as asker:
            await asker.get("https://mirror.example.org/", pace=pace)

    with pytest.raises(SourceError, match="after 3 tries"):
        asyncio.run(asking())
    assert clock.slept == [3, 3]


def test_nobody_else_has_to_wait() -> None:
    clock = Clock()

    async def asking() -> None:
        pace = Pace(timedelta(seconds=3), clock=clock, sleep=clock.sleep)
        host = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"")))
        async with Client(limits=LIMITS, arxiv=pace, transport=host) as asker:
            for name in ("huggingface.co", "notarxiv.org", "arxiv.org.example.org"):
                await asker.get(f"https://{name}/")
                await asker.get(f"https://{name}/")

    asyncio.run(asking())
    assert clock.slept == []


def test_a_turn_is_held_until_it_ends_even_badly() -> None:
    clock = Clock()
    events: list[str] = []

    async def visit(pace: Pace, name: str) -> None:
        async with pace.turn():
            events.append(f"{name} in")
            await clock.sleep(10)
            events.append(f"{name} out")
            raise LookupError

    async def visits() -> None:
        pace = Pace(timedelta(seconds=3), clock=clock, sleep=clock.sleep)
        await asyncio.gather(visit(pace, "one"), visit(pace, "two"), return_exceptions=True)

    asyncio.run(visits())
    assert events == ["one in", "one out", "two in", "two out"]
    assert clock.slept == [10, 3, 10]
