"""What the operator is told of alarms by mail."""

import email
import email.policy
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from paperround.alarms import Alarm, Condition
from paperround.dkim_signing import Signer
from paperround.messages import addressee
from paperround.notices import body, notice, subject
from paperround.ports import AlarmId, AlarmRecord
from paperround.settings import DkimSettings, Mailbox

RAISED = datetime(2026, 6, 17, 7, 30, tzinfo=UTC)
NOW = RAISED + timedelta(hours=2)
SENDER = Mailbox(name="Paper Round", address="papers@example.org")
OPERATOR = Mailbox(name="Ops", address="ops@example.org")
SILENT = AlarmRecord(
    id=AlarmId(1),
    alarm=Alarm(condition=Condition.SOURCE, subject="arXiv", sentence="arXiv is failing: no answer"),
    raised_at=RAISED,
)
OVER = AlarmRecord(
    id=AlarmId(2),
    alarm=Alarm(condition=Condition.DISK, subject="store", sentence="the disk of the store is nearly full"),
    raised_at=RAISED - timedelta(days=1),
    ended_at=RAISED,
)


def test_one_alarm_is_told_with_since_when_and_what_to_do() -> None:
    assert subject([SILENT]) == "paperround: arXiv is failing: no answer"
    assert body([SILENT]) == (
        "ALARM: arXiv is failing: no answer\n"
        "  Since: 2026-06-17 07:30 UTC\n"
        "  Do: look whether it answers in a browser; `paperround fetch` asks it again\n"
        '  More: "A source is silent" in docs/operating.md\n'
        "\n"
        "`paperround alarms` says what stands by now.\n"
    )


def test_what_is_over_is_told_with_how_long_it_was_so() -> None:
    assert subject([OVER]) == "paperround: over: the disk of the store is nearly full"
    assert body([OVER]).startswith(
        "OVER: the disk of the store is nearly full\n"
        "  It was so from 2026-06-16 07:30 UTC to 2026-06-17 07:30 UTC.\n"
    )


def test_a_mail_of_several_says_how_many() -> None:
    assert subject([SILENT, SILENT]) == "paperround: 2 alarms"
    assert subject([SILENT, OVER]) == "paperround: 1 alarm, 1 over"
    assert subject([OVER, OVER]) == "paperround: 2 over"


def test_a_long_sentence_is_cut_in_the_subject_alone() -> None:
    long = AlarmRecord(
        id=AlarmId(3),
        alarm=Alarm(condition=Condition.RELAY, subject="relay", sentence="word " * 80),
        raised_at=RAISED,
    )
    assert len(subject([long])) < 140
    assert subject([long]).endswith("word…")
    assert "word " * 79 in body([long])


def test_the_message_is_text_alone_and_what_stands_comes_first() -> None:
    sent = notice([OVER, SILENT], sender=SENDER, operator=OPERATOR, signer=None, now=NOW)
    message = email.message_from_bytes(sent, policy=email.policy.default)
    assert (message["From"], message["To"]) == ("Paper Round <papers@example.org>", "ops@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "text/plain"
    text = message.get_content().replace("\r\n", "\n")
    assert text == body([SILENT, OVER])
    assert sent.endswith(b"\r\n")
    assert b"\n" not in sent.replace(b"\r\n", b"")


def test_a_second_message_is_another_one_and_no_reader_s_letter() -> None:
    ids = set()
    for news, now in (([SILENT], NOW), ([OVER], NOW), ([SILENT], NOW + timedelta(minutes=10))):
        sent = notice(news, sender=SENDER, operator=OPERATOR, signer=None, now=now)
        ids.add(str(email.message_from_bytes(sent)["Message-ID"]))
    assert len(ids) == 3
    assert all(addressee(each, secret=b"s" * 32) is None for each in ids)


def test_it_is_signed_as_the_letters_are() -> None:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = Signer(DkimSettings(selector="s1", domain="example.org", key=key.decode()))
    sent = notice([SILENT], sender=SENDER, operator=OPERATOR, signer=signer, now=NOW)
    assert sent.startswith(b"DKIM-Signature: ")
    assert sent.endswith(notice([SILENT], sender=SENDER, operator=OPERATOR, signer=None, now=NOW))
