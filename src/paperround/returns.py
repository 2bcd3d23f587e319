"""What a message that came back says: a bounce, a complaint, a wish to leave, or nothing for us, and why."""

import email
import re
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from flufl.bounce import all_failures

from paperround.bouncing import weight
from paperround.messages import addressee
from paperround.ports import Bounce, Complaint, DeliveryId, Finding, Irrelevant, Leaving, SubscriberId
from paperround.replies import Reply, Step, heard
from paperround.tokens import UNSUBSCRIBE, delivery_of, subscriber_of, tokens_in

# Whom it is about is never guessed from an address that stands in the text: anybody may write one there.
# What counts are marks of ours that nobody else can make.

LARGEST = 1_000_000  # bytes
MOST_PARTS = 100
MOST_MULTIPARTS = 20
DEEPEST = 10  # multiparts within multiparts


def read(message: bytes, *, secret: bytes) -> Finding | Irrelevant:
    """Return what the message says, whatever it is; `secret` is that of this installation."""
    if len(message) > LARGEST:
        return Irrelevant(reason="larger than a megabyte")
    # Before it is read, for reading parts within parts takes as long as the square of their depth.
    if message.lower().count(b"multipart/") > MOST_MULTIPARTS:
        return Irrelevant(reason="too many parts")
    try:
        return _read(email.message_from_bytes(message), message, secret)
    except _TooMuch as error:
        return Irrelevant(reason=str(error))
    # What the standard library raises at hostile mail is not documented, and differs between releases.
    except Exception as error:  # noqa: BLE001 - as said above
        return Irrelevant(reason=f"it cannot be read ({type(error).__name__})")


class _TooMuch(Exception):  # noqa: N818 - the reason is the message
    """The message has more parts, or deeper ones, than any that is for us."""


def _read(message: Message, raw: bytes, secret: bytes) -> Finding | Irrelevant:
    parts = list(_parts(message))
    if message.get_content_type() == "multipart/report":
        feedback = _first(parts, "message/feedback-report")
        if feedback is not None:
            return _complaint(message, _block(feedback), _returned(parts), secret)
        status = _first(parts, "message/delivery-status")
        if status is not None:
            return _reported(message, status, _returned(parts), secret)
    wishes = [subscriber_of(secret, UNSUBSCRIBE, each) for each in tokens_in(_subject(message))]
    for subscriber in wishes:
        if subscriber is not None:
            return Leaving(subscriber=subscriber)
    if wishes:
        return Irrelevant(reason="the token is forged")
    if _is_automatic(message):
        return Irrelevant(reason="an automatic answer")
    return _told(message, parts, raw, secret)


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the message and what is in it, but not what is in messages in it."""
    if depth > DEEPEST:
        raise _TooMuch("parts lie in parts too deeply")
    yield message
    if message.get_content_maintype() != "multipart":
        return
    count = 1
    for part in _payload(message):
        for each in _parts(part, depth + 1):
            count += 1
            if count > MOST_PARTS:
                raise _TooMuch("too many parts")
            yield each


def _payload(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _first(parts: Iterable[Message], kind: str) -> Message | None:
    return next((part for part in parts if part.get_content_type() == kind), None)


def _block(part: Message) -> Message:
    """Return the fields that are the contents of a part."""
    blocks = _payload(part)
    return blocks[0] if blocks else email.message_from_string(_text(part))


_MESSAGES = frozenset({"message/rfc822", "message/global"})
_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})


def _returned(parts: Iterable[Message]) -> Message:
    """Return the head of the letter that came back, which is empty where it did not come with it."""
    for part in parts:
        if part.get_content_type() in _MESSAGES | _HEADERS:
            return _block(part)
    return Message()


def _reported(message: Message, status: Message, returned: Message, secret: bytes) -> Finding | Irrelevant:
    """Read a delivery status notification: RFC 3464."""
    blocks = _payload(status)
    actions = [_field(block, "Action").lower() for block in blocks]
    failed = [block for block, action in zip(blocks, actions, strict=True) if action.startswith(_FAILED)]
    if not failed:
        delayed = any(action.startswith("delay") for action in actions)
        return Irrelevant(reason="delayed, not failed" if delayed else "it reports no failure")
    return _bounce(message, returned, _diagnosis(failed[0]), secret)


_FAILED = ("fail", "error")  # the second is OpenSMTPD's word


def _told(message: Message, parts: list[Message], raw: bytes, secret: bytes) -> Finding | Irrelevant:
    """Read a bounce that is told in words, if it is one."""
    # Without a token of ours nothing comes of it, whatever it says; and looking through words takes its time.
    deliveries = _deliveries((*_received_at(message), _field(_returned(parts), "Return-Path")), secret)
    if isinstance(deliveries, Irrelevant):
        return deliveries
    # A copy of its beginning: what a machine has to say stands there.
    beginning = email.message_from_bytes(raw[:_LONGEST_TELLING])
    if not getaddresses([_field(beginning, "From")]):
        del beginning["From"]
        beginning["From"] = "nobody@localhost"  # flufl.bounce 6.0 fails at a message from nobody
    temporary, permanent = all_failures(beginning)
    if not permanent:
        return Irrelevant(reason="delayed, not failed" if temporary else "neither a bounce nor a complaint")
    if _field(message, "Return-Path") not in ("", "<>"):
        return Irrelevant(reason="it speaks like a bounce, and was sent by somebody")
    text = next((_text(part) for part in parts if part.get_content_maintype() == "text"), "")
    explanation = _COPY.split(text, maxsplit=1)[0]
    returned = _returned(parts)
    if "Message-ID" not in returned and (shown := _SHOWN_ID.search(text)):
        returned["Message-ID"] = shown[1]
    return _bounce(message, returned, _overheard(explanation), secret)


_LONGEST_TELLING = 50_000  # bytes
_COPY = re.compile(r"^--[^\n]*\bcop(?:y|ies)\b|^Return-Path:|^Received:", re.MULTILINE | re.IGNORECASE)
_SHOWN_ID = re.compile(r"^Message-ID:[ \t]*(<[^<>\s]{1,300}>)", re.MULTILINE | re.IGNORECASE)


def _bounce(message: Message, returned: Message, reply: Reply, secret: bytes) -> Finding | Irrelevant:
    deliveries = _deliveries((*_received_at(message), _field(returned, "Return-Path")), secret)
    if isinstance(deliveries, Irrelevant):
        return deliveries
    words = reply.text or str(reply.code)
    return Bounce(
        delivery=deliveries,
        weight=weight(reply),
        words=words,
        message_id=_field(returned, "Message-ID") or None,
    )


def _diagnosis(block: Message) -> Reply:
    """Return the reply that a block of a delivery status gives as the reason."""
    status = _STATUS.match(_field(block, "Status"))
    given = status[0] if status and not status[0].endswith(".0.0") else ""  # which says nothing
    words = _field(block, "Diagnostic-Code").partition(";")[2]
    code = 450 if status and status[0].startswith("4") else 550
    return _reply(words, given, code)


def _overheard(text: str) -> Reply:
    """Return the reply that somebody tells of in words, as far as it can be made out."""
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if (said := _SAID.search(line)) is not None:
            return _reply(said[0], "", 550)
    for line in lines:
        if (status := _STATUS_IN_WORDS.search(line)) is not None:
            return _reply(line, status[0], 450 if status[0].startswith("4") else 550)
    return _reply(" ".join(lines), "", 550)


_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_SAID = re.compile(r"(?<![\w.])[45][0-9]{2}[ -].*")
_STATUS_IN_WORDS = re.compile(r"(?<=[(#\[ ])[45]\.[0-9]{1,3}\.[0-9]{1,3}(?!\.?[0-9])")
_CODE = re.compile(r"\s*([45][0-9]{2})(?:[ -]|$)")


def _reply(words: str, status: str, code: int) -> Reply:
    """Return the reply of these words, with the status before them where they begin with none."""
    lines = words.strip().splitlines()
    if lines and (found := _CODE.match(lines[0])):
        code = int(found[1])
        lines = [line.strip().removeprefix(found[1]).lstrip(" -") for line in lines]
    if status and not (lines and _STATUS.match(lines[0].lstrip("#( "))):
        lines = [f"{status} {' '.join(lines)}"]
    return heard(code, "\n".join(lines), Step.RCPT)


def _complaint(message: Message, report: Message, returned: Message, secret: bytes) -> Finding | Irrelevant:
    """Read a feedback report: RFC 5965."""
    kind = _field(report, "Feedback-Type").lower()
    if kind != "abuse":
        return Irrelevant(reason="a report of another kind than abuse")
    places = (_field(report, "Original-Mail-From"), _field(returned, "Return-Path"), *_received_at(message))
    delivery = _deliveries(places, secret)
    message_id = _field(returned, "Message-ID")
    if not isinstance(delivery, Irrelevant):
        return Complaint(delivery=delivery, message_id=message_id or None)
    reader = _reader(returned, message_id, secret)
    return delivery if reader is None else Complaint(subscriber=reader)


def _reader(returned: Message, message_id: str, secret: bytes) -> SubscriberId | None:
    """Return whose letter it was, by the marks that we made in its head."""
    for token in tokens_in(_field(returned, "List-Unsubscribe")):
        if (subscriber := subscriber_of(secret, UNSUBSCRIBE, token)) is not None:
            return subscriber
    return addressee(message_id, secret=secret)


def _is_automatic(message: Message) -> bool:
    """Return whether it is an answer that no person wrote, and no bounce."""
    if "X-Failed-Recipients" in message:  # Exim says so of its bounces
        return False
    by_rule = _field(message, "Auto-Submitted").lower().partition(";")[0].strip() not in ("", "no")
    by_habit = _field(message, "Precedence").lower() == "auto_reply"
    return by_rule or by_habit or any(name in message for name in ("X-Autoreply", "X-Autorespond"))


def _deliveries(places: Iterable[str], secret: bytes) -> DeliveryId | Irrelevant:
    """Return the one delivery that the tokens in these places name."""
    tokens = {token for place in places for token in tokens_in(place)}
    found = {delivery for token in tokens if (delivery := delivery_of(secret, token)) is not None}
    if len(found) == 1:
        return found.pop()
    if found:
        return Irrelevant(reason="it names more than one letter")
    return Irrelevant(reason="the token is forged" if tokens else "no token of ours")


def _received_at(message: Message) -> tuple[str, ...]:
    """Return the addresses at which it arrived here."""
    names = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
    return tuple(str(value)[:_LONGEST_FIELD] for name in names for value in message.get_all(name, ()))


_LONGEST_FIELD = 5000


def _field(message: Message, name: str) -> str:
    return str(message.get(name, ""))[:_LONGEST_FIELD].strip()


def _subject(message: Message) -> str:
    written = _field(message, "Subject")
    return str(make_header(decode_header(written))) if "=?" in written else written


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content[:_LONGEST_TELLING].decode("utf-8", "replace") if isinstance(content, bytes) else ""
