"""DKIM: a signature over a finished message by the domain that sends it (RFC 6376, RFC 8463)."""

import base64
import hashlib
import re
import textwrap
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from paperround.headers import wire_domain
from paperround.settings import DkimSettings

_SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "auto-submitted",
    "mime-version",
    "content-type",
)
# Named once more than they occur, so that a second one, put in on the way, breaks the signature.
_SEALED = frozenset({"from", "to", "subject", "date"})
_MIN_RSA_BITS = 1024  # RFC 8301, 3.2
_MEND = "make one with: openssl genrsa -out dkim.pem 2048"
_LINE = 78


class KeyProblem(ValueError):  # noqa: N818 - it says what is wrong with a key
    """A key that cannot sign; the message says why, and what to do."""


class Signer:
    """Sign messages with one key.

    Raise KeyProblem for a key, and ValueError for a selector or a domain, that cannot sign.
    """

    def __init__(self, settings: DkimSettings) -> None:
        self._key = _private_key(settings.key)
        self._domain = wire_domain(settings.domain)
        self._selector = wire_domain(settings.selector)

    def sign(self, message: bytes, *, now: datetime) -> bytes:
        """Return the message with a DKIM-Signature before its other fields; `now` is aware of its zone.

        Raise ValueError for a message that a relay would change, or that has no From.
        """
        head, body = _parts(message)
        names, fields = _chosen(head)
        unsigned = self._unsigned(names, body_hash=_sha256(_relaxed_body(body)), now=now)
        signature = self._signature(fields + _relaxed_field(unsigned.encode("ascii"))[1])
        lines = textwrap.wrap(signature, _LINE - len(" b="))
        return (unsigned + "\r\n ".join(lines) + "\r\n").encode("ascii") + message

    def _unsigned(self, names: tuple[str, ...], *, body_hash: bytes, now: datetime) -> str:
        if now.utcoffset() is None:
            raise ValueError(f"{now}: the time of a signature needs a time zone")
        algorithm = "rsa-sha256" if isinstance(self._key, RSAPrivateKey) else "ed25519-sha256"
        tags = (
            f"v=1; a={algorithm}; c=relaxed/relaxed;",
            f" d={self._domain};",
            f" s={self._selector};",
            f" t={int(now.timestamp())};",
            f" h={names[0]}",
            *(f":{name}" for name in names[1:]),
            ";",
            f" bh={base64.b64encode(body_hash).decode()};",
        )
        return f"{_folded('DKIM-Signature: ', tags)}\r\n b="

    def _signature(self, signed: bytes) -> str:
        if isinstance(self._key, RSAPrivateKey):
            signature = self._key.sign(signed, PKCS1v15(), SHA256())
        else:
            signature = self._key.sign(_sha256(signed))
        return base64.b64encode(signature).decode()


def _private_key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError as error:
        raise KeyProblem(
            "the DKIM key has a password; take it off with: openssl pkey -in old.pem -out dkim.pem"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"the DKIM key is not a private key in PEM form; {_MEND}") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise KeyProblem(f"the DKIM key is neither RSA nor Ed25519; {_MEND}")
    if key.key_size < _MIN_RSA_BITS:
        raise KeyProblem(f"the DKIM key has {key.key_size} bits, too few to be accepted; {_MEND}")
    return key


def _parts(message: bytes) -> tuple[bytes, bytes]:
    head, blank, body = message.partition(b"\r\n\r\n")
    breaks = message.count(b"\r\n")
    in_order = blank and message.endswith(b"\r\n")
    if not in_order or message.count(b"\n") != breaks or message.count(b"\r") != breaks:
        raise ValueError("a message to sign has a header, a blank line, and CRLF at the end of each line")
    return head, body


def _chosen(head: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names of the fields to sign, and the fields as they are signed."""
    present: dict[str, list[bytes]] = {}
    for field in re.split(rb"\r\n(?![ \t])", head):
        name, relaxed = _relaxed_field(field)
        present.setdefault(name, []).append(relaxed + b"\r\n")
    if "from" not in present:
        raise ValueError("a message to sign has a From field")
    names: list[str] = []
    fields: list[bytes] = []
    for name in _SIGNED:
        found = present.get(name, [])
        names += [name] * (len(found) + (name in _SEALED))
        fields += reversed(found)  # RFC 6376, 5.4.2: of several, the last one first
    return tuple(names), b"".join(fields)


def _relaxed_field(field: bytes) -> tuple[str, bytes]:
    """Return a field's name, and the field in the form of RFC 6376, 3.4.2."""
    name, _, value = field.partition(b":")
    name = name.strip(b" \t").lower()
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.decode("latin-1"), name + b":" + value


def _relaxed_body(body: bytes) -> bytes:
    """Return the body in the form of RFC 6376, 3.4.4."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return body + b"\r\n" if body else b""


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _folded(line: str, pieces: Iterable[str]) -> str:
    lines = [line]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > _LINE:
            lines.append(" " + piece.removeprefix(" "))
        else:
            lines[-1] += piece
    return "\r\n".join(lines)
