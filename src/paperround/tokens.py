"""Tokens: what a link carries to say whose it is, and that we made it."""

import base64
import hmac
import re

from paperround.ports import SubscriberId

UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"

# Names the key and the form together, so that either may change while older links go on working.
_KEY = "1"
_MAC_BYTES = 16
_SECRET_BYTES = 16
_FORM = re.compile(rf"{_KEY}-(?P<subscriber>0|[1-9][0-9]{{0,17}})-[a-z2-7]{{26}}")


def token(secret: bytes, purpose: str, subscriber: SubscriberId) -> str:
    """Return the token that lets whoever holds it do this one thing for this one subscriber.

    It holds no address, and only letters, digits and hyphens, none of them at its end.
    """
    mac = keyed_hash(secret, f"token {_KEY}\0{purpose}\0{subscriber}")[:_MAC_BYTES]
    return f"{_KEY}-{subscriber}-{base64.b32encode(mac).decode().rstrip('=').lower()}"


def subscriber_of(secret: bytes, purpose: str, given: str) -> SubscriberId | None:
    """Return whose token it is, or None where we did not make it for that purpose."""
    found = _FORM.fullmatch(given)
    if found is None:
        return None
    subscriber = SubscriberId(int(found["subscriber"]))
    return subscriber if hmac.compare_digest(token(secret, purpose, subscriber), given) else None


def keyed_hash(secret: bytes, text: str) -> bytes:
    """Return the HMAC-SHA256 of the text."""
    if len(secret) < _SECRET_BYTES:
        raise ValueError(
            f"the secret of this installation has {len(secret)} bytes; it needs {_SECRET_BYTES} or more"
        )
    return hmac.digest(secret, text.encode(), "sha256")
