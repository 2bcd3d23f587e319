"""The DNS, asked for what mail needs."""

from collections.abc import Sequence
from datetime import timedelta

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

PATIENCE = timedelta(seconds=5)


class DnsSilent(Exception):  # noqa: N818 - it says what is wrong with the DNS
    """The DNS gave no answer to a question; that there is no such record is an answer."""


class NameService:
    """Asks the name servers of this machine, or those of `resolver`."""

    def __init__(
        self, resolver: dns.asyncresolver.Resolver | None = None, *, patience: timedelta = PATIENCE
    ) -> None:
        self._resolver, self._patience = resolver, patience

    async def knows(self, domain: str) -> bool:
        """Return whether there is anything under this name; raise DnsSilent."""
        try:
            await self._ask(domain, "SOA")
        except _NoSuchName:
            return False
        return True

    async def texts(self, name: str) -> Sequence[str]:
        """Return the TXT records of a name, each in one piece; raise DnsSilent."""
        answer = await self._found(name, "TXT")
        found = [record for record in answer if isinstance(record, TXT)]
        return [b"".join(record.strings).decode("latin-1") for record in found]

    async def mail_exchangers(self, domain: str) -> Sequence[str]:
        """Return the servers that take mail to a domain, the preferred one first; raise DnsSilent."""
        answer = await self._found(domain, "MX")
        found = sorted(
            (record for record in answer if isinstance(record, MX)), key=lambda record: record.preference
        )
        return [record.exchange.to_text() for record in found]

    async def _found(self, name: str, kind: str) -> Sequence[object]:
        try:
            return await self._ask(name, kind)
        except _NoSuchName:
            return ()

    async def _ask(self, name: str, kind: str) -> Sequence[object]:
        try:
            resolver = self._resolver or dns.asyncresolver.Resolver()
            answer = await resolver.resolve(
                f"{name}.", kind, lifetime=self._patience.total_seconds(), raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as error:
            raise _NoSuchName from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsSilent(f"no answer for {name} ({type(error).__name__})") from error
        return tuple(answer.rrset or ())


class _NoSuchName(Exception):  # noqa: N818 - it is an answer
    """There is nothing under a name."""
