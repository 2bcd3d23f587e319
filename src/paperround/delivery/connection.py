"""A connection to an SMTP server: made, protected and logged in, or refused with a reason."""

import asyncio
import base64
import contextlib
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import aiosmtplib

from paperround import tls
from paperround.ports import Refused, RelayUnusable
from paperround.replies import Reply, Step, heard
from paperround.settings import RelaySettings, Tls

_T = TypeVar("_T")

LOST = (aiosmtplib.SMTPException, OSError)
"""What the library raises when a conversation cannot go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait for a relay: no less than RFC 5321, 4.5.3.2 asks for.

    `courtesy` is for RSET and QUIT, on which nothing depends.
    """

    greeting: timedelta = timedelta(minutes=5)
    envelope: timedelta = timedelta(minutes=5)
    data: timedelta = timedelta(minutes=2)
    block: timedelta = timedelta(minutes=3)
    dot: timedelta = timedelta(minutes=10)
    courtesy: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A relay, and how we speak to it."""

    settings: RelaySettings
    hostname: str | None
    timeouts: Timeouts

    def __str__(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    def heard(self, code: int, words: str, step: Step) -> Reply:
        """Return a reply as the relay gave it, but for the password where it gives that back."""
        for form in self._secrets():
            words = words.replace(form, "…")
        return heard(code, words, step)

    def _secrets(self) -> tuple[str, ...]:
        """Return the forms in which the password travels."""
        username, password = self.settings.username, self.settings.password
        if not password:
            return ()
        plain = f"\0{username}\0{password}".encode()
        return password, base64.b64encode(password.encode()).decode(), base64.b64encode(plain).decode()


async def connect(host: Host) -> aiosmtplib.SMTP:
    """Return a connection that is ready for the first message, or raise RelayUnusable or Refused."""
    if forbidden := _forbidden(host.settings):
        raise RelayUnusable(f"{host}: {forbidden}")
    with _translated(host):
        smtp = _client(host.settings)
    try:
        with _translated(host):
            await _introduce(host, smtp)
        await _log_in(host, smtp)
    except BaseException:
        drop(smtp)
        raise
    return smtp


def certificate_until(smtp: aiosmtplib.SMTP) -> datetime | None:
    """Return when the certificate that the relay showed comes to its end, if it showed one."""
    protection = smtp.get_transport_info("ssl_object")
    if not isinstance(protection, ssl.SSLObject):
        return None
    said = protection.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(said["notAfter"])), UTC)


def drop(smtp: aiosmtplib.SMTP) -> None:
    """End a connection at once; what waits to be written is not written any more."""
    if smtp.transport is not None:
        cast(asyncio.WriteTransport, smtp.transport).abort()
    smtp.close()


async def within(patience: timedelta, step: Awaitable[_T]) -> _T:
    """Await a step of a conversation, or raise TimeoutError.

    The library is never given the time itself: it would use asyncio.wait_for, which before Python 3.12
    forgets a cancellation that comes together with a result.
    """
    async with asyncio.timeout(patience.total_seconds()):
        return await step


def why(error: Exception) -> str:
    """Return what went wrong with a connection, for people."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return tls.why(cause, section=_SECTION, others=_OTHERS)


_SECTION = "relay"  # of the config
_OTHERS: Mapping[type[Exception], str] = {aiosmtplib.SMTPResponseException: "what it says is not SMTP"}


def _forbidden(settings: RelaySettings) -> str | None:
    """Return why these settings must not be used, if so."""
    if settings.tls is not Tls.NONE:
        return None
    if not _is_loopback(settings.host):
        return "without TLS only this machine is spoken to; set relay.tls to starttls or implicit"
    if settings.username is not None:
        return "credentials are not sent without TLS; remove relay.username or set relay.tls"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _client(settings: RelaySettings) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname="localhost",  # not said: without it a slow look-up is made, and EHLO is given a name
        timeout=None,  # see within
        use_tls=settings.tls is Tls.IMPLICIT,
        start_tls=False,
        tls_context=None if settings.tls is Tls.NONE else tls.trusting(settings.ca_file, section=_SECTION),
    )


async def _introduce(host: Host, smtp: aiosmtplib.SMTP) -> None:
    patience = host.timeouts.greeting
    await within(patience, smtp.connect())
    name = _own_name(host.hostname, smtp.get_transport_info("sockname")[0])
    await within(patience, smtp.ehlo(hostname=name))
    if host.settings.tls is Tls.STARTTLS:
        if not smtp.supports_extension("starttls"):
            raise RelayUnusable(
                f"{host}: it offers no STARTTLS, so nothing was sent; "
                "where TLS begins with the connection, set relay.tls to implicit"
            )
        await within(patience, smtp.starttls())
        await within(patience, smtp.ehlo(hostname=name))


def _own_name(hostname: str | None, address: str) -> str:
    """Return the name to greet with: a domain, or, as RFC 5321, 4.1.4 has it, the address in its place."""
    name = hostname or socket.gethostname()
    if _DOMAIN.fullmatch(name):
        return name
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")

# Over TLS a password is as safe as a digest of it, and servers that keep only hashes take no digest.
_AUTH_METHODS = ("plain", "login", "cram-md5")


async def _log_in(host: Host, smtp: aiosmtplib.SMTP) -> None:
    username, password = host.settings.username, host.settings.password or ""
    if username is None:
        return
    method = next((method for method in _AUTH_METHODS if method in smtp.server_auth_methods), None)
    if method is None:
        raise RelayUnusable(f"{host}: it offers no way to log in that we know")
    # Not login(), which tries one way after the other: three wrong passwords may lock an account.
    log_in = getattr(smtp, f"auth_{method.replace('-', '')}")
    with _translated(host, Step.AUTH):
        await within(host.timeouts.greeting, log_in(username, password))


@contextlib.contextmanager
def _translated(host: Host, step: Step = Step.CONNECT) -> Iterator[None]:
    """Turn what fails before the first message into Refused, when it will pass, or RelayUnusable."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        reply = host.heard(error.code, str(error.message), step)
        if reply.code // 100 == 4:  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit is the outcome
            raise Refused(reply) from None
        mend = "; check relay.username and its password" if step is Step.AUTH else ""
        said = f"it answered {str(reply)!r}{mend}" if reply.code > 0 else why(error)
        raise RelayUnusable(f"{host}: {said}") from None
    except tls.AuthorityProblem as error:
        raise RelayUnusable(str(error)) from error.__cause__
    except (*LOST, ValueError) as error:
        raise RelayUnusable(f"{host}: {why(error)}") from error
