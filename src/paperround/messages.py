"""Messages: a digest's subject, text and HTML as the bytes that travel."""

import email.utils
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from paperround.bodies import encoded
from paperround.headers import (
    field,
    list_field,
    mailbox_field,
    text_field,
    uris_field,
    wire_address,
    wire_domain,
)
from paperround.ports import DeliveryId, RequestId, SubscriberId
from paperround.settings import Mailbox
from paperround.tokens import BOUNCE, UNSUBSCRIBE, keyed_hash, token

_OWN_ID = re.compile(r"<(?P<day>[0-9-]{10})\.(?P<subscriber>[0-9]{1,18})\.(?P<mark>[0-9a-f]{16})@")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+-]{1,200}@[a-z0-9.-]{1,253}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Where a reader leaves the list: by mail always, on a page where there is one.

    One click, without the page, is offered by mail programs only where `url` is https.
    """

    mailto: str
    url: str | None = None


def unsubscribe(
    subscriber: SubscriberId, *, secret: bytes, mailbox: str, public_url: str | None
) -> Unsubscribe:
    """Return where this subscriber leaves the list; `mailbox` is the address to which mail about it goes."""
    own = token(secret, UNSUBSCRIBE, subscriber)
    return Unsubscribe(
        mailto=f"mailto:{quote(wire_address(mailbox), safe='@')}?subject=unsubscribe%20{own}",
        url=f"{public_url.rstrip('/')}/unsubscribe/{own}" if public_url else None,
    )


def return_path(delivery: DeliveryId, *, secret: bytes, mailbox: str) -> str:
    """Return the address to which this delivery comes back: the mailbox's, and a token behind a plus."""
    local, _, domain = mailbox.rpartition("@")
    return wire_address(f"{local}+{token(secret, BOUNCE, delivery)}@{domain}")


def message_id(day: date, subscriber: SubscriberId, *, secret: bytes, domain: str) -> str:
    """Return the Message-ID of that subscriber's digest for that day: the same each time it is asked for."""
    return f"<{day}.{subscriber}.{_mark(secret, str(day), str(subscriber))}@{wire_domain(domain)}>"


def answer_id(request: RequestId, *, secret: bytes, domain: str) -> str:
    """Return the Message-ID of the mail that is sent for a request: the same each time it is asked for."""
    return f"<answer.{request}.{_mark(secret, 'answer', str(request))}@{wire_domain(domain)}>"


def addressee(message_id: str, *, secret: bytes) -> SubscriberId | None:
    """Return to whom a message with this Message-ID went, or None where we did not make it."""
    found = _OWN_ID.match(message_id)
    if found is None or not hmac.compare_digest(
        _mark(secret, found["day"], found["subscriber"]), found["mark"]
    ):
        return None
    return SubscriberId(int(found["subscriber"]))


def build(
    *,
    subject: str,
    text: str,
    html: str,
    sender: Mailbox,
    recipient: str,
    message_id: str,
    date: datetime,
    unsubscribe: Unsubscribe | None,
    idempotency_header: str | None = None,
) -> bytes:
    """Return the finished message: the same bytes for the same values, whatever the Python.

    Raise ValueError, with a message for people, for an address that mail cannot be sent to. `date`
    is aware of its zone. Without `unsubscribe` it is no letter of a list. The field that
    `idempotency_header` names has a value that goes with the Message-ID.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r}: not a Message-ID; make it with message_id()")
    # "=_" occurs in neither encoding of a body, so no body can hold the boundary.
    boundary = "=_" + hashlib.sha256(message_id.encode()).hexdigest()[:24]
    fields = (
        *_first_fields(subject, sender, recipient, message_id, date),
        *(_list_fields(sender, unsubscribe) if unsubscribe else ()),
        field("Auto-Submitted", "auto-generated"),
        *([field("Precedence", "bulk")] if unsubscribe else []),
        field("X-Auto-Response-Suppress", "OOF, AutoReply"),
        *([field(idempotency_header, _idempotency_key(message_id))] if idempotency_header else []),
        field("MIME-Version", "1.0"),
        field("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    )
    opening = f"\r\n--{boundary}\r\n".encode()
    parts = opening + _part("plain", text) + opening + _part("html", html)
    return "".join(fields).encode("ascii") + parts + f"\r\n--{boundary}--\r\n".encode()


def build_note(
    *, subject: str, text: str, sender: Mailbox, recipient: str, message_id: str, date: datetime
) -> bytes:
    """Return a message of text alone, from one program to one person, as `build` does."""
    fields = (
        *_first_fields(subject, sender, recipient, message_id, date),
        field("Auto-Submitted", "auto-generated"),
        field("X-Auto-Response-Suppress", "OOF, AutoReply"),
        field("MIME-Version", "1.0"),
    )
    return "".join(fields).encode("ascii") + _part("plain", text)


def _first_fields(
    subject: str, sender: Mailbox, recipient: str, message_id: str, date: datetime
) -> tuple[str, ...]:
    return (
        mailbox_field("From", sender),
        field("To", wire_address(recipient)),
        text_field("Subject", subject),
        field("Date", email.utils.format_datetime(_utc(date))),
        field("Message-ID", message_id),
    )


def _mark(secret: bytes, day: str, subscriber: str) -> str:
    return keyed_hash(secret, f"message-id\0{day}\0{subscriber}").hex()[:16]


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment}: a message's date needs a time zone")
    return moment.astimezone(UTC)


def _list_fields(sender: Mailbox, unsubscribe: Unsubscribe) -> tuple[str, ...]:
    name = list_field("List-Id", sender.name, f"digest.{wire_domain(sender.domain)}")
    return (name, *_unsubscribe_fields(unsubscribe))


def _unsubscribe_fields(unsubscribe: Unsubscribe) -> tuple[str, ...]:
    if unsubscribe.url is None:
        return (uris_field("List-Unsubscribe", (unsubscribe.mailto,)),)
    addresses = uris_field("List-Unsubscribe", (unsubscribe.url, unsubscribe.mailto))
    # RFC 8058 allows one click over https alone; elsewhere the page's button does it.
    if not unsubscribe.url.startswith("https://"):
        return (addresses,)
    return (addresses, field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def _idempotency_key(message_id: str) -> str:
    """Return what is the same for each copy of a message, in signs and of a length that any relay takes."""
    return hashlib.sha256(f"idempotency\0{message_id}".encode()).hexdigest()[:32]


def _part(subtype: str, content: str) -> bytes:
    encoding, body = encoded(content)
    fields = (
        field("Content-Type", f"text/{subtype}; charset=utf-8"),
        field("Content-Transfer-Encoding", encoding),
    )
    return "".join(fields).encode("ascii") + b"\r\n" + body
