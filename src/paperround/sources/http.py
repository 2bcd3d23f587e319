"""HTTP as the sources use it: polite, bounded in time and size, with errors that people can read."""

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from typing import Self

import httpx
import stamina

from paperround.ports import SourceError
from paperround.sources.bodies import Body, BodyError
from paperround.sources.pace import Pace
from paperround.sources.troubles import Patience, Trouble, refused, spoken

REDIRECTS = 3
ARXIV_INTERVAL = timedelta(seconds=3)  # https://info.arxiv.org/help/api/tou.html


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one question to a host may cost.

    `read` is the longest silence, `attempt` the longest try, `total` the longest time for all tries and
    the waits between them. A host that asks for a wait beyond `patience` is not waited for.
    """

    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=20)
    attempt: timedelta = timedelta(seconds=40)
    total: timedelta = timedelta(seconds=75)
    patience: timedelta = timedelta(seconds=60)
    first_wait: timedelta = timedelta(seconds=1)
    tries: int = 3
    body: int = 20_000_000  # bytes, compressed or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer; `link_next` is where its Link header says that the list goes on."""

    body: bytes
    content_type: str = ""
    etag: str | None = None
    link_next: str | None = None


async def addresses(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port)
    return [str(address[0]) for *_, address in found]


class Client:
    """One client for all sources, to be closed after use.

    `contact` is an address or a URL at which hosts can reach whoever runs this. `arxiv` is the pace
    kept with arXiv's hosts; the source of a mirror passes it on as `pace`.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        limits: Limits | None = None,
        arxiv: Pace | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Callable[[str, int], Awaitable[Sequence[str]]] = addresses,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.limits = limits or Limits()
        self.arxiv = arxiv or Pace(ARXIV_INTERVAL)
        self._resolve = resolve
        self._now = now
        self._headers = {"User-Agent": _user_agent(contact), "Accept-Encoding": "gzip"}
        # Not httpx's client, which would build the next request from any redirect before it is checked,
        # keep cookies, and take proxies and passwords from the environment.
        self._transport = transport or httpx.AsyncHTTPTransport(trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = "*/*",
        pace: Pace | None = None,
    ) -> Response:
        """Return the answer, or raise SourceError with the reason why there is none."""
        answer = await self._ask(self._question(url, params, {"Accept": accept}, pace))
        if answer is None:
            raise SourceError("304 Not Modified, though all of it was asked for")
        return answer

    async def get_if_changed(
        self, url: str, *, etag: str | None, accept: str = "*/*", pace: Pace | None = None
    ) -> Response | None:
        """Return the answer, or None while it is still the one that bore `etag`."""
        condition = {"If-None-Match": etag} if etag else {}
        return await self._ask(self._question(url, None, {"Accept": accept, **condition}, pace))

    def _question(
        self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str], pace: Pace | None
    ) -> "_Question":
        parsed = _web_url(url)
        if parsed is None:
            raise SourceError("its address must be http(s), and without a user name")
        parsed = parsed.copy_merge_params(params) if params else parsed
        return _Question(
            url=parsed,
            chosen_host=parsed.host,
            headers={**self._headers, **headers},
            pace=self._pace(parsed.host, pace),
        )

    async def _ask(self, question: "_Question") -> Response | None:
        limits, clock = self.limits, asyncio.get_running_loop().time
        patience = Patience(longest=limits.patience, ends=clock() + _seconds(limits.total), clock=clock)
        retries = stamina.retry_context(
            on=patience.allows,
            attempts=limits.tries,
            timeout=None,
            wait_initial=limits.first_wait,
            wait_jitter=limits.first_wait,
        )
        try:
            async with asyncio.timeout(_seconds(limits.total)):
                async for attempt in retries:
                    with attempt:
                        return await self._follow(question)
        except Trouble as trouble:
            raise trouble.final(patience.tries, self._now()) from trouble
        except TimeoutError as error:
            before = f"; before that: {patience.last}" if patience.last else ""
            raise SourceError(f"no complete answer within {spoken(limits.total)}{before}") from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def _follow(self, question: "_Question") -> Response | None:
        for _ in range(REDIRECTS + 1):
            async with question.pace.turn() if question.pace else nullcontext():
                answer = await self._try(question)
            if not isinstance(answer, _Redirect):
                return answer
            question = await self._redirected(question, answer.location)
        raise Trouble(f"redirected more than {REDIRECTS} times")

    async def _try(self, question: "_Question") -> "Response | _Redirect | None":
        limit = self.limits.attempt
        try:
            async with asyncio.timeout(_seconds(limit)):
                response = await self._send(question)
                try:
                    return await self._receive(question, response)
                finally:
                    await response.aclose()
        except BodyError as error:
            raise Trouble(str(error)) from error
        except TimeoutError as error:
            raise Trouble(f"no complete answer within {spoken(limit)}", passing=True) from error

    async def _send(self, question: "_Question") -> httpx.Response:
        try:
            return await self._transport.handle_async_request(question.request(self.limits))
        except (httpx.ConnectError, httpx.ConnectTimeout, UnicodeError) as error:
            why = str(error) or f"nothing within {spoken(self.limits.connect)}"
            raise Trouble(f"cannot connect to {question.url.host}: {why}", passing=True) from error
        except httpx.TimeoutException as error:
            raise Trouble(f"no answer within {spoken(self.limits.read)}", passing=True) from error
        except httpx.TransportError as error:
            raise Trouble("closed without an answer", passing=True) from error

    async def _receive(
        self, question: "_Question", response: httpx.Response
    ) -> "Response | _Redirect | None":
        if response.status_code == HTTPStatus.NOT_MODIFIED and "If-None-Match" in question.headers:
            return None
        if response.has_redirect_location:
            return _Redirect(response.headers["Location"])
        if not response.is_success:
            raise refused(
                response.status_code,
                retry_after=response.headers.get("Retry-After", ""),
                throttling=_THROTTLING_ARXIV if question.pace else _THROTTLING,
                now=self._now(),
            )
        return Response(
            body=await self._body(response),
            content_type=response.headers.get("Content-Type", ""),
            etag=_usable(response.headers.get("ETag", "")),
            link_next=response.links.get("next", {}).get("url"),
        )

    async def _body(self, response: httpx.Response) -> bytes:
        body = Body(encoding=response.headers.get("Content-Encoding", ""), limit=self.limits.body)
        try:
            async for piece in response.aiter_raw():
                body.add(piece)
        except httpx.TimeoutException as error:
            reason = f"silent for {spoken(self.limits.read)} after {body.received:,} bytes"
            raise Trouble(reason, passing=True) from error
        except httpx.TransportError as error:
            whole = response.headers.get("Content-Length", "")
            of = f" of {int(whole):,}" if _LENGTH.fullmatch(whole) else ""
            raise Trouble(f"the body ended early: {body.received:,}{of} bytes", passing=True) from error
        return body.content()

    async def _redirected(self, question: "_Question", location: str) -> "_Question":
        url = _web_url(location, question.url)
        if url is None:
            raise Trouble("redirected to an address that is not plain http(s)")
        if url.scheme == "http" and question.url.scheme == "https":
            raise Trouble(f"redirected from https to plain http at {url.host}")
        # Who chose the source trusts its host, wherever that is; nobody chose where a redirect leads.
        pin = None if url.host == question.chosen_host else await self._public_address(url)
        return replace(question, url=url, pin=pin, pace=self._pace(url.host, question.pace))

    async def _public_address(self, url: httpx.URL) -> str:
        try:
            found = await self._resolve(url.host, url.port or _PORTS[url.scheme])
        except (OSError, UnicodeError) as error:
            raise Trouble(f"redirected to {url.host}, which cannot be found", passing=True) from error
        if not found or not all(_is_public(address) for address in found):
            raise Trouble(f"redirected to {url.host}, which is not on the public internet")
        return found[0]

    def _pace(self, host: str, given: Pace | None) -> Pace | None:
        return given or (self.arxiv if f".{host}".endswith(".arxiv.org") else None)


_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
_THROTTLING = frozenset({HTTPStatus.TOO_MANY_REQUESTS.value})
_THROTTLING_ARXIV = _THROTTLING | {HTTPStatus.FORBIDDEN.value}
_LENGTH = re.compile(r"[0-9]{1,15}")
_LONGEST_ETAG = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A request; `pin` is the IP address that was checked, so that the name is not looked up again."""

    url: httpx.URL
    chosen_host: str
    headers: Mapping[str, str]
    pace: Pace | None
    pin: str | None = None

    def request(self, limits: Limits) -> httpx.Request:
        read, connect = limits.read.total_seconds(), limits.connect.total_seconds()
        timeout = httpx.Timeout(read, connect=connect).as_dict()
        if self.pin is None:
            return httpx.Request("GET", self.url, headers=self.headers, extensions={"timeout": timeout})
        # Kept open, the connection would serve other names at this address unchecked.
        headers = {**self.headers, "Host": self.url.netloc.decode("ascii"), "Connection": "close"}
        name = self.url.raw_host.decode("ascii")
        return httpx.Request(
            "GET",
            self.url.copy_with(host=self.pin),
            headers=headers,
            extensions={"timeout": timeout, "sni_hostname": name},
        )


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


def _web_url(written: str, base: httpx.URL | None = None) -> httpx.URL | None:
    try:
        url = base.join(written) if base else httpx.URL(written)
        named = url.scheme in _PORTS and url.host and not url.userinfo
    except (httpx.InvalidURL, ValueError):  # the second when a name is looked at that cannot be
        return None
    return url if named and (url.port is None or 0 < url.port <= _LAST_PORT) else None


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_global and not parsed.is_multicast


def _usable(etag: str) -> str | None:
    return etag if 0 < len(etag) <= _LONGEST_ETAG and etag.isascii() and etag.isprintable() else None


def _user_agent(contact: str) -> str:
    name = f"paperround/{version('paperround')}"
    readable = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()\\ ")
    if not readable:
        return name
    return f"{name} (+{readable if ':' in readable else f'mailto:{readable}'})"


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
