"""What the DNS says of the domain that mails are from, judged: SPF, DKIM, DMARC, and the way back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
GOOD_RSA_BITS = 2048  # RFC 8301, 3.2
_LONGEST_STRING = 255  # of a TXT record


class Level(StrEnum):
    """How a finding is to be taken."""

    FINE = "fine"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one thing: how it is, what to do, and a line to be pasted into the zone."""

    about: str
    level: Level
    message: str
    mend: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The public half of a key that signs: its algorithm as DKIM names it, and itself in base64."""

    algorithm: str  # rsa or ed25519
    text: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The domains that DMARC compares with that of From; `signing` is None where nothing is signed here."""

    author: str
    envelope: str
    signing: str | None


def spf(domain: str, texts: Sequence[str], *, relay: str | None) -> Iterator[Finding]:
    """Yield what is to be said of the SPF record of the envelope's domain (RFC 7208)."""
    records = [text for text in texts if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    if len(records) != 1:
        yield _spf_missing(domain, records, relay)
        return
    terms = records[0].split()[1:]
    lowered = [term.lower() for term in terms]
    ends = [number for number, term in enumerate(lowered) if re.fullmatch(r"[+?~-]?all", term)]
    redirected = any(term.startswith("redirect=") for term in lowered)
    closed = _record(domain, " ".join(["v=spf1", *_without_all(terms), "~all"]))
    if ends and lowered[ends[0]] in ("all", "+all"):
        yield _problem("SPF", f"the record of {domain} lets everybody send", "end it with ~all", closed)
    elif ends and lowered[ends[0]] == "?all":
        yield _warning("SPF", f"the record of {domain} says nothing of others", "end it with ~all", closed)
    elif not ends and not redirected:
        yield _warning("SPF", f"the record of {domain} has no end", "end it with ~all", closed)
    if ends and any("=" not in term for term in lowered[ends[0] + 1 :]):
        yield _warning(
            "SPF", f"in the record of {domain}, what follows `all` is not read", "move `all` to its end"
        )
    lookups = sum(
        bool(re.match(r"[+?~-]?(include:|a\b|mx\b|ptr\b|exists:|redirect=)", term)) for term in lowered
    )
    if lookups > MOST_LOOKUPS:
        yield _problem(
            "SPF",
            f"the record of {domain} asks for {lookups} other records, and receivers stop at {MOST_LOOKUPS}",
            "write addresses (ip4:, ip6:) in place of names",
        )
    yield Finding(
        about="SPF",
        level=Level.FINE,
        message=f"{domain}: {records[0]}",
        mend=(
            "whether your relay is in it cannot be seen from here: send yourself a mail, and look for "
            "spf=pass in its Authentication-Results"
        ),
    )


def dkim(selector: str, domain: str, key: PublicKey, texts: Sequence[str]) -> Iterator[Finding]:
    """Yield what is to be said of the record of a key that signs (RFC 6376, RFC 8463)."""
    name = f"{selector}._domainkey.{domain}"
    ours = _record(name, f"v=DKIM1; k={key.algorithm}; p={key.text}")
    about = f"DKIM {selector}"
    if wrong := _dkim_wrong(name, key, texts):
        yield _problem(about, wrong, "publish the key that signs", ours)
        return
    tags = _tags(texts[0])
    if "y" in tags.get("t", "").split(":"):
        untested = _record(name, re.sub(r"\s*\bt\s*=[^;]*;?", "", texts[0]).strip())
        message = f"{name} says that it is being tested (t=y), so signatures may count for nothing"
        yield _warning(about, message, "take t=y out once mails arrive with dkim=pass", untested)
    if key.algorithm == "rsa" and key.bits < GOOD_RSA_BITS:
        message = f"the key has {key.bits} bits, which some receivers count for nothing"
        yield _warning(about, message, "make one of 2048 bits under a new selector: see docs/dkim.md")
    yield _fine(about, f"{name} holds the key that signs ({key.algorithm}, {key.bits} bits)")


def dmarc(found: Mapping[str, Sequence[str]], alignment: Alignment) -> Iterator[Finding]:
    """Yield what is to be said of DMARC (RFC 7489).

    `found` holds what is at `_dmarc.` of the domain of From and of those above it, in this order.
    """
    author = alignment.author
    asked = {
        domain: [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
        for domain, texts in found.items()
    }
    domain, records = next(((each, there) for each, there in asked.items() if there), (author, []))
    start = _record(f"_dmarc.{author}", "v=DMARC1; p=none")
    if not records:
        message = f"_dmarc.{author} is not there, and large mail providers ask for it"
        yield _problem("DMARC", message, "publish one; p=none only watches", start)
        return
    if len(records) > 1:
        yield _problem("DMARC", f"_dmarc.{domain} has {len(records)} records, and none counts", "keep one")
        return
    tags = _tags(records[0])
    policy = tags.get("p", "").lower()
    if domain != author and "sp" in tags:
        policy = tags["sp"].lower()
    if policy not in ("none", "quarantine", "reject"):
        yield _problem("DMARC", f"_dmarc.{domain} has no policy: {records[0]}", "begin with p=none", start)
        return
    highest = [each for each, there in asked.items() if there][-1]
    yield from _aligned(alignment, tags, policy, organization=highest)
    yield _fine("DMARC", f"_dmarc.{domain}: {records[0]}")


def mail_exchangers(domain: str, hosts: Sequence[str], *, read: bool) -> Finding:
    """Return what is to be said of where mail to a domain goes: what comes back is read where `read`."""
    level = Level.PROBLEM if read else Level.WARNING
    if any(host.strip(".") == "" for host in hosts):
        message = f"{domain} says that it takes no mail (a null MX), so nothing can come back to it"
        return Finding(
            about="MX", level=level, message=message, mend="take an address whose mail you receive"
        )
    if not hosts:
        message = f"{domain} names no server for its mail, so what comes back is hardly seen"
        return Finding(
            about="MX",
            level=level,
            message=message,
            mend="name the server that takes it, here as an example",
            record=f"{domain}. IN MX 10 mail.{domain}.",
        )
    return _fine("MX", f"mail to {domain} goes to {hosts[0].rstrip('.')}")


def parents(domain: str) -> tuple[str, ...]:
    """Return the domain and those above it in which a DMARC record may stand, nearest first."""
    labels = domain.split(".")
    return tuple(".".join(labels[number:]) for number in range(max(len(labels) - 1, 1)))


def _spf_missing(domain: str, records: Sequence[str], relay: str | None) -> Finding:
    if not records:
        record = _record(domain, f"v=spf1 {f'a:{relay}' if relay else 'mx'} ~all")
        mend = "name what sends for you; whoever runs your relay says which include: it is"
        return _problem("SPF", f"{domain} has no SPF record", mend, record)
    terms = [term for each in records for term in _without_all(each.split()[1:])]
    merged = _record(domain, " ".join(["v=spf1", *dict.fromkeys(terms), "~all"]))
    return _problem(
        "SPF", f"{domain} has {len(records)} SPF records, and none counts", "make one of them", merged
    )


def _without_all(terms: Sequence[str]) -> list[str]:
    return [term for term in terms if not re.fullmatch(r"[+?~-]?all", term, re.IGNORECASE)]


def _dkim_wrong(name: str, key: PublicKey, texts: Sequence[str]) -> str | None:
    """Return why no receiver can verify with this record, if so."""
    if len(texts) != 1:
        return f"{name} has {len(texts)} records, and one is read" if texts else f"{name} is not there"
    tags = _tags(texts[0])
    published = re.sub(r"\s", "", tags.get("p", ""))
    algorithm, hashes = tags.get("k", "rsa").lower(), tags.get("h", "sha256").lower().split(":")
    services = tags.get("s", "*").lower().split(":")
    checks = (
        (tags.get("v", "DKIM1") != "DKIM1", "is no DKIM record"),
        (not published, "says that its key was revoked (p= is empty)"),
        (algorithm != key.algorithm, f"is for {algorithm}, and we sign with {key.algorithm}"),
        (published != key.text, "holds another key than the one that signs"),
        ("sha256" not in [each.strip() for each in hashes], "does not allow sha256 (h=)"),
        (not {"*", "email"} & {each.strip() for each in services}, "is not for mail (s=)"),
    )
    return next((f"{name} {said}" for wrong, said in checks if wrong), None)


def _aligned(
    alignment: Alignment, tags: Mapping[str, str], policy: str, *, organization: str
) -> Iterator[Finding]:
    """Yield what is wrong where neither SPF nor our signature speaks for the domain of From.

    The `organization` is the highest domain with a record: where it is not told to be strict, DMARC takes
    all that is below it for one.
    """
    author = alignment.author
    for other, tag in ((alignment.envelope, "aspf"), (alignment.signing, "adkim")):
        below = f".{other}".endswith(f".{organization}")
        if author == other or (below and tags.get(tag, "r").lower() != "s"):
            return
    about = f"the envelope is from {alignment.envelope}"
    signed = f"the signature is of {alignment.signing}" if alignment.signing else "nothing is signed here"
    message = f"mails from {author} count as nobody's: {about}, and {signed}"
    mend = f"sign with {author}, or let bounces.address be in it"
    level = Level.WARNING if policy == "none" or alignment.signing is None else Level.PROBLEM
    yield Finding(about="DMARC", level=level, message=message, mend=mend)


def _tags(text: str) -> dict[str, str]:
    """Return the tags of a record, the first of each name."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in reversed([*pairs]) if sign}


def _record(name: str, text: str) -> str:
    """Return the line for a zone; what is longer than one string may be stands in several."""
    pieces = [text[start : start + _LONGEST_STRING] for start in range(0, len(text), _LONGEST_STRING)]
    quoted = " ".join('"{}"'.format(piece.replace("\\", "\\\\").replace('"', '\\"')) for piece in pieces)
    return f"{name}. IN TXT {quoted}"


def _fine(about: str, message: str) -> Finding:
    return Finding(about=about, level=Level.FINE, message=message)


def _warning(about: str, message: str, mend: str = "", record: str = "") -> Finding:
    return Finding(about=about, level=Level.WARNING, message=message, mend=mend, record=record)


def _problem(about: str, message: str, mend: str = "", record: str = "") -> Finding:
    return Finding(about=about, level=Level.PROBLEM, message=message, mend=mend, record=record)
