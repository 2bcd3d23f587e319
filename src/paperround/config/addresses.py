"""Mail addresses: what may be written to, in the one form in which it is kept."""

import re

import idna

from paperround.config.problems import Wrong, quoted
from paperround.settings import Mailbox

LONGEST_LOCAL = 64  # characters, RFC 5321 4.5.3.1
LONGEST_DOMAIN = 255
LONGEST_ADDRESS = 254
LONGEST_NAME = 200

EXAMPLE = "write it like ada@example.org"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")


def address(text: str) -> str:
    """Return the plain address, its domain in ASCII and small letters; raise Wrong for anything else."""
    shown = quoted(text)
    if not text.isprintable() or len(text) > LONGEST_LOCAL + LONGEST_DOMAIN + 1:
        raise Wrong(f"{shown} is no mail address", EXAMPLE)
    if "<" in text or ">" in text:
        raise Wrong(f"{shown} is more than an address", "write the address alone; a name goes under `name`")
    local, at, host = text.rpartition("@")
    if not at:
        raise Wrong(f"{shown} has no @", EXAMPLE)
    if not local.isascii():
        # RFC 6531 allows it, and few relays take it: such mail would fail on its way.
        raise Wrong(f"{shown} has letters beyond ASCII before the @, which most relays refuse", EXAMPLE)
    if not _LOCAL.fullmatch(local) or len(local) > LONGEST_LOCAL:
        raise Wrong(f"{shown} has something before the @ that an address cannot have", EXAMPLE)
    whole = f"{local}@{domain(host)}"
    if len(whole) > LONGEST_ADDRESS:
        raise Wrong(f"{shown} is longer than the {LONGEST_ADDRESS} characters an address may have")
    return whole


def domain(text: str) -> str:
    """Return the domain in ASCII (IDNA 2008) and small letters; raise Wrong if mail cannot go there."""
    no_domain = Wrong(f"{quoted(text)} is no domain that mail can go to", "write it like example.org")
    if not text or len(text) > LONGEST_DOMAIN:
        raise no_domain
    try:
        ascii_form = idna.encode(text, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise no_domain from None
    labels = ascii_form.split(".")
    if ascii_form != "localhost" and (len(labels) == 1 or labels[-1].isdigit()):
        raise no_domain
    if not all(map(_LABEL.fullmatch, labels)) or len(ascii_form) > LONGEST_DOMAIN:
        raise no_domain
    return ascii_form


def mailbox(text: str) -> Mailbox:
    """Return the parts of `Name <address>` or of an address alone; raise Wrong for anything else."""
    named = _NAMED.fullmatch(text.strip())
    if not named:
        return Mailbox(name="", address=address(text.strip()))
    name = named["name"].strip()
    if name.startswith('"') and name.endswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise Wrong("the name is too long, or holds a control character", "write a short plain name")
    return Mailbox(name=name, address=address(named["address"].strip()))
