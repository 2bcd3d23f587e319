"""The DNS records of the keys that sign, looked up and judged."""

from collections.abc import Sequence

from paperround.dkim_signing import Signer
from paperround.domain_records import Finding, dkim
from paperround.name_service import NameService


async def of_published(signer: Signer, domain: str, names: NameService) -> Sequence[Finding]:
    """Return what is to be said of the record of each key that signs for this domain; raise DnsSilent."""
    found: list[Finding] = []
    for selector, key in signer.published():
        found += dkim(selector, domain, key, await names.texts(f"{selector}._domainkey.{domain}"))
    return found
