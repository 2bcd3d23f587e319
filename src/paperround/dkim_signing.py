"""DKIM: a signature over a finished message by the domain that sends it (RFC 6376, RFC 8463)."""

import base64
import hashlib
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from paperround.domain_records import PublicKey
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
_LINE = 78

_RSA_VARIABLE, _RSA_MEND = "PAPERROUND_DKIM_KEY", "make one with: openssl genrsa -out dkim.pem 2048"
_ED25519_VARIABLE = "PAPERROUND_DKIM_ED25519_KEY"
_ED25519_MEND = "make one with: openssl genpkey -algorithm ed25519 -out dkim-ed25519.pem"

_PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class KeyProblem(ValueError):  # noqa: N818 - it says what is wrong with a key
    """A key that cannot sign; the message names its variable, and says why and what to do."""


class Signer:
    """Sign messages with one key, or with an RSA key and an Ed25519 key: two signatures.

    Verifiers that do not know Ed25519 take the other one (RFC 8463, 6). Raise KeyProblem for a key, and
    ValueError for a selector or a domain, that cannot sign.
    """

    def __init__(self, settings: DkimSettings) -> None:
        self._domain = wire_domain(settings.domain)
        self._keys = tuple(_keys(settings))

    def published(self) -> Iterator[tuple[str, PublicKey]]:
        """Yield the selector of each key, and its public half as the DNS is to hold it."""
        for key in self._keys:
            yield key.selector, key.public

    def sign(self, message: bytes, *, now: datetime) -> bytes:
        """Return the message with a DKIM-Signature of each key before its other fields.

        No signature covers another one. `now` is aware of its zone. Raise ValueError for a message that
        a relay would change, or that has no From.
        """
        if now.utcoffset() is None:
            raise ValueError(f"{now}: the time of a signature needs a time zone")
        head, body = _parts(message)
        names, fields = _chosen(head)
        covered = (f" t={int(now.timestamp())};", *_tags(names, body_hash=_sha256(_relaxed_body(body))))
        return b"".join(self._field(key, covered, fields) for key in self._keys) + message

    def _field(self, key: "_Key", covered: tuple[str, ...], fields: bytes) -> bytes:
        own = (
            f"v=1; a={key.algorithm}; c=relaxed/relaxed;",
            f" d={self._domain};",
            f" s={key.selector};",
        )
        unsigned = f"{_folded('DKIM-Signature: ', (*own, *covered))}\r\n b="
        signature = key.sign(fields + _relaxed_field(unsigned.encode("ascii"))[1])
        lines = textwrap.wrap(base64.b64encode(signature).decode(), _LINE - len(" b="))
        return (unsigned + "\r\n ".join(lines) + "\r\n").encode("ascii")


def _tags(names: tuple[str, ...], *, body_hash: bytes) -> tuple[str, ...]:
    """Return what a signature says of what it covers, in pieces between which a line may break."""
    more = (f":{name}" for name in names[1:])
    return f" h={names[0]}", *more, ";", f" bh={base64.b64encode(body_hash).decode()};"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """A key that signs, and the name of its public half in the DNS."""

    selector: str
    private: _PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    @property
    def public(self) -> PublicKey:
        if isinstance(self.private, RSAPrivateKey):
            der = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return PublicKey(algorithm="rsa", text=_base64(der), bits=self.private.key_size)
        raw = self.private.public_key().public_bytes_raw()
        return PublicKey(algorithm="ed25519", text=_base64(raw), bits=8 * len(raw))

    def sign(self, signed: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(signed, PKCS1v15(), SHA256())
        return self.private.sign(_sha256(signed))


def _keys(settings: DkimSettings) -> Iterator[_Key]:
    first = _private_key(settings.key, _RSA_VARIABLE, _RSA_MEND)
    yield _Key(selector=wire_domain(settings.selector), private=first)
    if settings.ed25519 is None:
        return
    second = _private_key(settings.ed25519.key, _ED25519_VARIABLE, _ED25519_MEND)
    if isinstance(second, RSAPrivateKey):
        raise KeyProblem(f"{_ED25519_VARIABLE}: the DKIM key is RSA and not Ed25519; {_ED25519_MEND}")
    if isinstance(first, Ed25519PrivateKey):
        both = "the DKIM key is Ed25519, and so is the one beside it; RSA belongs here, which everybody knows"
        raise KeyProblem(f"{_RSA_VARIABLE}: {both}; {_RSA_MEND}")
    yield _Key(selector=wire_domain(settings.ed25519.selector), private=second)


def _private_key(pem: str, variable: str, mend: str) -> _PrivateKey:
    """Return the key in the PEM, or raise KeyProblem."""
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError as error:
        locked = "the DKIM key has a password; take it off with: openssl pkey -in old.pem -out dkim.pem"
        raise KeyProblem(f"{variable}: {locked}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"{variable}: the DKIM key is not a private key in PEM form; {mend}") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise KeyProblem(f"{variable}: the DKIM key is neither RSA nor Ed25519; {mend}")
    if key.key_size < _MIN_RSA_BITS:
        few = f"the DKIM key has {key.key_size} bits, too few to be accepted"
        raise KeyProblem(f"{variable}: {few}; {mend}")
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
    body = re.sub(rb"  +", b" ", body.replace(b"\t", b" "))
    body = body.replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return body + b"\r\n" if body else b""


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


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
