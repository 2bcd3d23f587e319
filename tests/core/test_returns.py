"""What messages that come back say; whom they are about is told by our marks and by nothing else."""

import email
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import comebacks
from tests.fakes.comebacks import ADA, DELIVERY, LETTER, MAILBOX, MESSAGE_ID, PATH, SECRET, WISH
from tests.fakes.plans import TUESDAY

from paperround.messages import message_id, return_path
from paperround.ports import Bounce, Complaint, DeliveryId, Finding, Irrelevant, Leaving, SubscriberId, Weight
from paperround.returns import DEEPEST, LARGEST, MOST_PARTS, read
from paperround.tokens import BOUNCE, PREFERENCES, UNSUBSCRIBE, token

REASONS = (Bounce, Complaint, Leaving, Irrelevant)


def found(message: bytes) -> Finding | Irrelevant:
    return read(message, secret=SECRET)


def ignored(message: bytes) -> str:
    finding = found(message)
    assert isinstance(finding, Irrelevant), finding
    return finding.reason


def bounce(message: bytes) -> Bounce:
    finding = found(message)
    assert isinstance(finding, Bounce), finding
    assert finding.delivery == DELIVERY
    return finding


@pytest.mark.parametrize(
    ("fields", "weight", "words"),
    [
        (
            comebacks.POSTFIX,
            Weight.HARD,
            "5.1.1 <…@example.net>: Recipient address rejected: no such user here",
        ),
        (comebacks.POSTFIX_ITSELF, Weight.HARD, '5.1.1 unknown user: "ada"'),
        (
            comebacks.EXCHANGE,
            Weight.HARD,
            "5.1.10 RESOLVER.ADR.RecipientNotFound; nobody of that name by SMTP lookup",
        ),
        (
            comebacks.GMAIL,
            Weight.HARD,
            "5.1.1 The account that you tried to reach is not there. Please look at the address once more",
        ),
        (comebacks.EXIM, Weight.SOFT, "no such mailbox"),
        (comebacks.FULL, Weight.SOFT, "5.2.2 the mailbox is over its limit"),
        (
            comebacks.EXPIRED,
            Weight.SOFT,
            "4.4.1 connect to mail.example.net[192.0.2.9]:25: Connection timed out",
        ),
        (comebacks.POLICY, Weight.OURS, "5.7.1 Our system thinks that this is unwanted bulk mail"),
        ("Action: failed\nStatus: 5.1.1", Weight.HARD, "5.1.1"),
        ("Action: error\nStatus: 5.4.4\nDiagnostic-Code: smtp; nowhere to be found", Weight.SOFT, "5.4.4"),
        ("Action: FAILED (for good)\nStatus: 5.1.1 (so)", Weight.HARD, "5.1.1"),
        ("Action: failed\nStatus: 4.7.1\nDiagnostic-Code: smtp; 451 4.7.1 we doubt it", Weight.OURS, "4.7.1"),
        ("Action: failed\nDiagnostic-Code: smtp; 550 spam is not wanted here", Weight.OURS, "spam"),
        ("Action: failed\nDiagnostic-Code: smtp; 552 too much in it", Weight.SOFT, "too much in it"),
        ("Action: failed", Weight.SOFT, "550"),
    ],
)
def test_a_status_notification_says_what_the_letter_failed_of(
    fields: str, weight: Weight, words: str
) -> None:
    finding = bounce(comebacks.dsn(fields))
    assert finding.weight is weight
    assert finding.words.startswith(words)
    assert finding.message_id == MESSAGE_ID


@pytest.mark.parametrize(
    ("reason", "weight", "words"),
    [
        ("Remote host said: 550 5.1.1 no such user", Weight.HARD, "5.1.1 no such user"),
        ("Remote host said: 550 nobody lives here", Weight.SOFT, "nobody lives here"),
        ("Sorry, no mailbox here by that name. (#5.1.1)", Weight.HARD, "5.1.1 "),
        ("Somehow it did not work.", Weight.SOFT, ""),
        ("Remote host said: 554 5.7.1 unwanted", Weight.OURS, "5.7.1 unwanted"),
    ],
)
def test_a_bounce_that_no_standard_knows_is_read_by_its_words(
    reason: str, weight: Weight, words: str
) -> None:
    finding = bounce(comebacks.qmail(reason))
    assert finding.weight is weight
    assert finding.words.startswith(words)
    assert finding.message_id == MESSAGE_ID


def test_a_bounce_as_exim_words_it_is_read() -> None:
    body = (
        "This message was created by the mail server.\n\n"
        "A message that you sent could not be delivered to all of its recipients.\n\n"
        "  ada@example.net\n    SMTP error after RCPT TO:\n    550 5.1.1 unknown user\n\n"
        f"------ This is a copy of the message, with its headers. ------\n\n{LETTER}"
    )
    head = {
        "Return-Path": "<>",
        "X-Failed-Recipients": "ada@example.net",
        "Auto-Submitted": "auto-replied",
    }
    finding = bounce(comebacks.mail("Mail delivery failed", body, head=head))
    assert (finding.weight, finding.message_id) == (Weight.HARD, MESSAGE_ID)


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_token_is_found_wherever_a_mail_server_writes_where_a_message_arrived(name: str) -> None:
    bounce(comebacks.dsn(comebacks.POSTFIX, to="undisclosed: ;", head={name: PATH}, letter=None))


def test_the_token_is_found_in_the_letter_that_came_back() -> None:
    assert bounce(comebacks.dsn(comebacks.POSTFIX, to=MAILBOX)).message_id == MESSAGE_ID


def test_capitals_of_an_address_do_not_matter() -> None:
    bounce(comebacks.dsn(comebacks.POSTFIX, to=PATH.upper(), letter=None))


def test_of_the_letter_that_came_back_the_headers_are_enough() -> None:
    head = LETTER.partition("\n\n")[0]
    for kind in ("text/rfc822-headers", "message/global-headers"):
        finding = bounce(comebacks.dsn(comebacks.POSTFIX, letter=head, kind=kind))
        assert finding.message_id == MESSAGE_ID


def test_without_the_letter_there_is_no_message_id() -> None:
    assert bounce(comebacks.dsn(comebacks.POSTFIX, letter=None)).message_id is None


def test_a_bounce_without_a_token_of_ours_is_nobody_s_whatever_addresses_it_names() -> None:
    letter = "From: papers@example.org\nTo: ada@example.net\n\nHello\n"
    assert ignored(comebacks.dsn(comebacks.POSTFIX, to=MAILBOX, letter=letter)) == "no token of ours"
    assert ignored(comebacks.qmail("550 5.1.1 no", to=MAILBOX, letter=letter)) == "no token of ours"


@pytest.mark.parametrize(
    "forged",
    [
        f"1-42-{'a' * 26}",
        token(SECRET, UNSUBSCRIBE, DELIVERY),
        token(SECRET, PREFERENCES, DELIVERY),
        token(bytes(32), BOUNCE, DELIVERY),
        token(SECRET, BOUNCE, DELIVERY).replace("-42-", "-43-"),
    ],
)
def test_a_token_that_we_did_not_make_for_this_is_worth_nothing(forged: str) -> None:
    to = f"bounces+{forged}@example.org"
    assert ignored(comebacks.dsn(comebacks.POSTFIX, to=to, letter=None)) == "the token is forged"
    assert ignored(comebacks.qmail("550 5.1.1 no", to=to, letter="")) == "the token is forged"


def test_a_message_with_the_tokens_of_two_letters_is_about_neither() -> None:
    other = return_path(DeliveryId(43), secret=SECRET, mailbox=MAILBOX)
    assert ignored(comebacks.dsn(comebacks.POSTFIX, to=other)) == "it names more than one letter"


def test_the_message_id_of_what_came_back_is_told_so_that_a_foreign_letter_is_known() -> None:
    letter = LETTER.replace(MESSAGE_ID, "<other@example.com>")
    assert bounce(comebacks.dsn(comebacks.POSTFIX, letter=letter)).message_id == "<other@example.com>"


def test_what_is_delayed_has_not_failed() -> None:
    assert ignored(comebacks.dsn(comebacks.DELAYED)) == "delayed, not failed"


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "", "no failure"])
def test_a_notification_of_anything_but_a_failure_changes_nothing(action: str) -> None:
    assert ignored(comebacks.dsn(f"Action: {action}\nStatus: 2.0.0")) == "it reports no failure"


def test_a_warning_in_words_has_not_failed() -> None:
    body = """\
This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.net.
The address to which the message has not yet been delivered is:

  ada@example.net

No action is required on your part."""
    message = comebacks.mail("Warning: message delayed", body, head={"Return-Path": "<>"})
    assert ignored(message) == "delayed, not failed"


@pytest.mark.parametrize(
    "head",
    [
        {"Auto-Submitted": "auto-replied (vacation)", "Return-Path": "<>"},
        {"Auto-Submitted": "auto-generated"},
        {"Precedence": "auto_reply"},
        {"X-Autoreply": "yes"},
        {"X-Autorespond": "Papers of 16 June"},
    ],
)
def test_an_answer_from_somebody_s_holidays_is_ignored(head: dict[str, str]) -> None:
    quoted = "I am away until Monday.\n\n> <ada@example.net>:\n> 550 5.1.1 no such user\n"
    assert ignored(comebacks.mail("Away: Papers of 16 June", quoted, head=head)) == "an automatic answer"


def test_a_letter_with_a_token_that_is_no_bounce_changes_nothing() -> None:
    assert ignored(comebacks.mail("Thank you", "for the papers")) == "neither a bounce nor a complaint"
    assert ignored(LETTER.encode()) == "no token of ours"


@pytest.mark.parametrize("sender", ["", "From: \n", "From: ,\n", "From: <>\n"])
def test_a_bounce_from_nobody_is_one_like_any_other(sender: str) -> None:
    told = comebacks.qmail("550 5.1.1 no").replace(b"From: ada@example.net\n", sender.encode(), 1)
    assert bounce(told).weight is Weight.HARD


def test_who_only_speaks_like_a_bounce_is_not_believed() -> None:
    spoken = comebacks.qmail("550 5.1.1 no").replace(b"Return-Path: <>", b"Return-Path: <eve@example.net>", 1)
    assert ignored(spoken) == "it speaks like a bounce, and was sent by somebody"


def test_a_report_that_somebody_passes_on_is_no_report() -> None:
    passed_on = EmailMessage()
    passed_on["To"] = PATH
    passed_on["Return-Path"] = "<eve@example.net>"
    passed_on.set_content("See below.")
    passed_on.add_attachment(email.message_from_bytes(comebacks.dsn(comebacks.POSTFIX)))
    assert "somebody" in ignored(bytes(passed_on))


def test_a_complaint_names_the_delivery_by_its_return_path() -> None:
    complaint = Complaint(delivery=DELIVERY, message_id=MESSAGE_ID)
    assert found(comebacks.report(mail_from=PATH)) == complaint
    assert found(comebacks.report()) == complaint


@pytest.mark.parametrize("hidden", [("Return-Path", "List-Unsubscribe"), ("Return-Path", "Message-ID")])
def test_a_complaint_names_the_reader_by_any_mark_of_ours(hidden: tuple[str, ...]) -> None:
    lines = [line for line in LETTER.splitlines() if not line.startswith(hidden)]
    assert found(comebacks.report(letter="\n".join(lines))) == Complaint(subscriber=ADA)


def test_a_complaint_without_a_mark_of_ours_is_nobody_s() -> None:
    other = message_id(TUESDAY, ADA, secret=bytes(32), domain="example.org")
    for letter in ("To: ada@example.net\n\nHello\n", f"Message-ID: {other}\n\nHello\n"):
        assert ignored(comebacks.report(letter=letter)) == "no token of ours"
    forged = f"List-Unsubscribe: <https://example.org/unsubscribe/1-7-{'a' * 26}>\n\nHello\n"
    assert ignored(comebacks.report(letter=forged, mail_from=f"b+1-7-{'a' * 26}@x")) == "the token is forged"


@pytest.mark.parametrize("kind", ["not-spam", "fraud", "virus", "other", "auth-failure", ""])
def test_reports_of_other_kinds_change_nothing(kind: str) -> None:
    assert "another kind" in ignored(comebacks.report(feedback=kind, mail_from=PATH))


@pytest.mark.parametrize(
    "subject",
    [WISH, f"Re: {WISH}", WISH.upper(), WISH.partition(" ")[2], f"=?utf-8?q?{WISH.replace(' ', '_')}?="],
)
def test_a_wish_to_leave_is_known_by_its_token(subject: str) -> None:
    assert found(comebacks.mail(subject, "", to=MAILBOX)) == Leaving(subscriber=ADA)


def test_mail_programs_leave_for_their_people() -> None:
    head = {"Auto-Submitted": "auto-generated", "Return-Path": "<>"}
    assert found(comebacks.mail(WISH, "", to=MAILBOX, head=head)) == Leaving(subscriber=ADA)


@pytest.mark.parametrize(
    "forged",
    [
        f"1-7-{'a' * 26}",
        token(SECRET, BOUNCE, ADA),
        token(SECRET, PREFERENCES, ADA),
        token(bytes(32), UNSUBSCRIBE, ADA),
    ],
)
def test_nobody_leaves_by_a_token_that_is_for_something_else(forged: str) -> None:
    assert ignored(comebacks.mail(f"unsubscribe {forged}", "")) == "the token is forged"


def test_nobody_leaves_by_asking_in_words() -> None:
    assert ignored(comebacks.mail("unsubscribe ada@example.net", "please", to=MAILBOX)) == "no token of ours"


def test_what_is_too_large_is_not_read() -> None:
    message = comebacks.dsn(comebacks.POSTFIX)
    assert ignored(message + b"x" * (LARGEST - len(message) + 1)) == "larger than a megabyte"
    bounce(message + b"x" * (LARGEST - len(message)))


def nested(depth: int) -> bytes:
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return f"To: {PATH}\n{opened}Content-Type: text/plain\n\nhello\n".encode()


def test_parts_in_parts_are_read_to_a_depth() -> None:
    assert ignored(nested(DEEPEST)).startswith("neither")
    assert ignored(nested(DEEPEST + 1)) == "parts lie in parts too deeply"
    assert ignored(nested(5000)) == "too many parts"


def test_what_would_take_long_to_read_is_still_read() -> None:
    # The first took a minute, and the others for ever, before the patterns had their bounds.
    assert bounce(comebacks.qmail(f"550 5.1.1 no\n{'-' * 45_000}x")).weight is Weight.HARD
    assert ignored(b"From " + b"1" * 900_000 + b"\r") == "no token of ours"
    assert ignored(f"To: {PATH}\n{'-' * 900_000}\n\n".encode()) == "neither a bounce nor a complaint"


def test_so_many_parts_are_read_and_no_more() -> None:
    def of(count: int) -> bytes:
        parts = "--x\n\npart\n" * count
        return f"To: {PATH}\nContent-Type: multipart/mixed; boundary=x\n\n{parts}--x--\n".encode()

    assert ignored(of(MOST_PARTS - 1)).startswith("neither")
    assert ignored(of(MOST_PARTS)) == "too many parts"


PIECES = [
    *comebacks.dsn(comebacks.POSTFIX).split(b"\n"),
    *comebacks.report().split(b"\n"),
    *comebacks.qmail("550 5.1.1 no").split(b"\n"),
    f"Subject: {WISH}".encode(),
    b"Subject: =?utf-8?b?//8=?= =?x-none?q?=FF?=",
    b"Content-Type: multipart/report; boundary*0*=x''%ff; boundary*1=y; report-type*x=1",
    b"Content-Type: message/delivery-status; charset=\xff",
    b"Content-Transfer-Encoding: base64",
    b"Content-Type: message/rfc822",
]


@given(
    st.binary(max_size=2000)
    | st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=60).map(b"\n".join)
)
def test_no_message_is_an_error_and_none_without_our_marks_acts(message: bytes) -> None:
    finding = found(message)
    assert isinstance(finding, REASONS)
    stranger = read(message, secret=b"another secret of 32 bytes or so")
    assert isinstance(stranger, Irrelevant)


@given(st.integers(0, 1500), st.binary(max_size=3))
def test_a_bounce_that_was_changed_on_its_way_names_our_delivery_or_none(place: int, change: bytes) -> None:
    message = comebacks.dsn(comebacks.POSTFIX, letter=None)
    finding = found(message[:place] + change + message[place + 1 :])
    assert not isinstance(finding, Bounce) or finding.delivery == DELIVERY


@pytest.mark.parametrize(
    "message",
    [
        b"To: " + PATH.encode() + b"\n\n" + b"<" * 500_000,
        b"To: " + PATH.encode() + b"\n\nHi. This is the x\n\n" + b"<a>:" * 200_000,
        comebacks.qmail("-- 550 " * 100_000),
        comebacks.dsn("Action: failed\nStatus: " + "5." * 200_000),
        b"Subject: " + b"1-7-" * 200_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n\n" * 150_000,
    ],
)
def test_what_is_made_to_take_long_does_not(message: bytes) -> None:
    assert isinstance(found(message[:LARGEST]), REASONS)


def test_a_reader_is_told_from_a_message_id_of_ours_alone() -> None:
    report = comebacks.report(letter=f"Message-ID: {MESSAGE_ID}\n\nHello\n")
    assert found(report) == Complaint(subscriber=SubscriberId(7))
    for forged in (
        MESSAGE_ID.replace(".7.", ".8."),
        MESSAGE_ID.replace("06-16", "06-17"),
        "<2026-06-16.7.é@x>",
    ):
        assert ignored(comebacks.report(letter=f"Message-ID: {forged}\n\nHello\n")) == "no token of ours"
