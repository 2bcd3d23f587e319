"""What holds for every answer, whatever it is of: by which names we are asked, and what goes along."""

import ipaddress
from collections.abc import Callable, Collection
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What watches a service asks it by whatever name its network has for it. Nothing here is for a browser.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

# What an answer says where it says nothing else of it. A page names its own, wider policy.
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_NAMES_TOLD = 10
_LONGEST_NAME_TOLD = 100

_log = structlog.get_logger(__name__)


class Armour:
    """Answer who asks by one of our names, and let no answer go out without its headers.

    A page of somebody else's, whose name leads to this machine all at once, sends its own name along.
    Loopback names are ours; with `hosts` None, every name is. `refuse` makes the answer for the others.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str] | None,
        refuse: Callable[[HTTPStatus], Response],
    ) -> None:
        self._app, self._refuse = app, refuse
        self._hosts = None if hosts is None else frozenset(name.lower() for name in hosts)
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what else a server says to an application is none of ours."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app if self._is_ours(scope) else self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        await app(scope, receive, send_on)

    def _is_ours(self, scope: Scope) -> bool:
        if self._hosts is None or scope["path"] in PROBES:
            return True
        name = name_of(Headers(scope=scope).get("Host", ""))
        if is_here(name) or name in self._hosts:
            return True
        if len(self._told) < _MOST_NAMES_TOLD and name not in self._told:
            self._told.add(name)
            _log.warning("host.unknown", host=name[:_LONGEST_NAME_TOLD])
        return False


def name_of(host: str) -> str:
    """Return what a Host header names, without its port and the brackets of an address."""
    name, _, port = host.rpartition(":")
    name = name if name and port.isdecimal() else host
    return name.strip("[]").rstrip(".").lower()


def is_here(name: str) -> bool:
    """Return whether a name or an address is of this machine alone."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
