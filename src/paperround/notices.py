"""What the operator is told of alarms, as the message that goes out."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from paperround.alarms import ADVICE
from paperround.dkim_signing import Signer
from paperround.headers import wire_domain
from paperround.messages import build_note
from paperround.phrases import counted
from paperround.ports import AlarmRecord
from paperround.settings import Mailbox

_LONGEST_SUBJECT = 120  # characters of a sentence
_WHERE = "docs/operating.md"


def notice(
    news: Sequence[AlarmRecord],
    *,
    sender: Mailbox,
    operator: Mailbox,
    signer: Signer | None,
    now: datetime,
) -> bytes:
    """Return the finished message about these alarms, some of which may be over; no reader is named in it."""
    news = sorted(news, key=lambda record: (not record.stands, record.raised_at))
    message = build_note(
        subject=subject(news),
        text=body(news),
        sender=sender,
        recipient=operator.address,
        message_id=f"<alarms.{_mark(news, now)}@{wire_domain(sender.domain)}>",
        date=now,
    )
    return signer.sign(message, now=now) if signer else message


def subject(news: Sequence[AlarmRecord]) -> str:
    """Return what one alarm says, or how many there are."""
    if len(news) == 1:
        (record,) = news
        sentence = record.alarm.sentence
        short = sentence if len(sentence) <= _LONGEST_SUBJECT else f"{sentence[:_LONGEST_SUBJECT].rstrip()}…"
        return f"paperround: {short}" if record.stands else f"paperround: over: {short}"
    new = sum(record.stands for record in news)
    parts = [counted(new, "alarm")] if new else []
    parts += [f"{len(news) - new} over"] if new < len(news) else []
    return f"paperround: {', '.join(parts)}"


def body(news: Sequence[AlarmRecord]) -> str:
    """Return what is wrong, since when, and what to do; and what is over."""
    paragraphs = [_paragraph(record) for record in news]
    return "\n\n".join([*paragraphs, "`paperround alarms` says what stands by now."]) + "\n"


def _paragraph(record: AlarmRecord) -> str:
    return "\n".join(_lines(record))


def _lines(record: AlarmRecord) -> Iterator[str]:
    begun = f"{record.raised_at:%Y-%m-%d %H:%M} UTC"
    sentence = record.alarm.sentence
    if record.ended_at is not None:
        yield f"OVER: {sentence}"
        yield f"  It was so from {begun} to {record.ended_at:%Y-%m-%d %H:%M} UTC."
        return
    advice = ADVICE[record.alarm.condition]
    yield f"ALARM: {sentence}"
    yield f"  Since: {begun}"
    yield f"  Do: {advice.mend}"
    yield f'  More: "{advice.section}" in {_WHERE}'


def _mark(news: Sequence[AlarmRecord], now: datetime) -> str:
    told = f"{now.isoformat()} {[record.id for record in news]}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]
