"""Tokens: what a link or an address carries to say whose it is, and that we made it."""

import base64
import hmac
import re
from collections.abc import Iterable
from datetime import date

from paperround.ports import DeliveryId, RequestId, SubscriberId

UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"
BOUNCE = "bounce"
DIGEST = "digest"
CONFIRM = "confirm"
FEED = "feed"
STATUS = "status"

# Names the key and the form together, so that either may change while older links go on working.
_KEY = "1"
_MAC_BYTES = 16
_SECRET_BYTES = 16
_SHAPE = rf"{_KEY}-(?P<number>0|[1-9][0-9]{{0,17}})-[a-z2-7]{{26}}"
_FORM = re.compile(_SHAPE)
_OF_A_DAY = re.compile(rf"{_KEY}-(?P<number>0|[1-9][0-9]{{0,17}})-(?P<day>[0-9]{{8}})-[a-z2-7]{{26}}")
_ANY = re.compile(r"[0-9]-[a-z0-9-]{0,40}?[a-z2-7]{26,}", re.IGNORECASE)
_UNTIL = re.compile(rf"{_KEY}-(?P<day>[0-9]{{8}})-[a-z2-7]{{26}}")
_IN_TEXT = re.compile(rf"(?<![a-z0-9-]){_SHAPE}(?![a-z0-9-])")


def token(secret: bytes, purpose: str, number: SubscriberId | DeliveryId | RequestId) -> str:
    """Return the token that lets whoever holds it do this one thing for this subscriber, delivery or request.

    It holds no address, and only letters, digits and hyphens, none of them at its end.
    """
    return f"{_KEY}-{number}-{_mac(secret, purpose, number)}"


def digest_token(secret: bytes, subscriber: SubscriberId, day: date) -> str:
    """Return the token that lets whoever holds it read this subscriber's digest of this day."""
    return f"{_KEY}-{subscriber}-{str(day).replace('-', '')}-{_mac(secret, DIGEST, subscriber, day)}"


def subscriber_of(secret: bytes, purpose: str, given: str) -> SubscriberId | None:
    """Return whose token it is, or None where we did not make it for that purpose."""
    number = _number(secret, purpose, given)
    return None if number is None else SubscriberId(number)


def delivery_of(secret: bytes, given: str) -> DeliveryId | None:
    """Return the delivery to whose return path this token belongs, or None where we did not make it."""
    number = _number(secret, BOUNCE, given)
    return None if number is None else DeliveryId(number)


def request_of(secret: bytes, given: str) -> RequestId | None:
    """Return the request that can be confirmed with this token, or None where we did not make it."""
    number = _number(secret, CONFIRM, given)
    return None if number is None else RequestId(number)


def digest_of(secret: bytes, given: str) -> tuple[SubscriberId, date] | None:
    """Return whose digest of which day may be read with it, or None where we did not make it for that."""
    found = _OF_A_DAY.fullmatch(given)
    if found is None:
        return None
    subscriber = SubscriberId(int(found["number"]))
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        return None
    return (subscriber, day) if hmac.compare_digest(digest_token(secret, subscriber, day), given) else None


def status_token(secret: bytes, until: date) -> str:
    """Return the token that lets whoever holds it see how the service stands, up to that day."""
    return f"{_KEY}-{str(until).replace('-', '')}-{_mac(secret, STATUS, until)}"


def shows_status(secret: bytes, given: str, *, on: date) -> bool:
    """Return whether we made the token for that, and it holds on this day."""
    found = _UNTIL.fullmatch(given)
    try:
        until = date.fromisoformat(found["day"]) if found else date.min
    except ValueError:
        return False
    return on <= until and hmac.compare_digest(status_token(secret, until), given)


def tokens_in(text: str) -> Iterable[str]:
    """Yield what has the form of a token in a text, whoever made it, in small letters.

    Mail servers may change the capitals of an address, which says nothing about who made it.
    """
    return (found[0] for found in _IN_TEXT.finditer(text.lower()))


def without_tokens(text: str) -> str:
    """Return the text with "[token]" for whatever has the form of one of ours, for whatever purpose."""
    return _ANY.sub("[token]", text)


def keyed_hash(secret: bytes, text: str) -> bytes:
    """Return the HMAC-SHA256 of the text."""
    if len(secret) < _SECRET_BYTES:
        raise ValueError(
            f"the secret of this installation has {len(secret)} bytes; it needs {_SECRET_BYTES} or more"
        )
    return hmac.digest(secret, text.encode(), "sha256")


def _mac(secret: bytes, purpose: str, *what: object) -> str:
    text = "\0".join((f"token {_KEY}", purpose, *map(str, what)))
    mac = keyed_hash(secret, text)[:_MAC_BYTES]
    return base64.b32encode(mac).decode().rstrip("=").lower()


def _number(secret: bytes, purpose: str, given: str) -> int | None:
    found = _FORM.fullmatch(given)
    if found is None:
        return None
    number = int(found["number"])
    return number if hmac.compare_digest(token(secret, purpose, SubscriberId(number)), given) else None
