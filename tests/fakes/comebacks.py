"""Messages that come back, in the shapes in which mail systems write them; the words are ours."""

from collections.abc import Mapping

from tests.fakes.plans import TUESDAY

from paperround.messages import message_id, return_path
from paperround.ports import DeliveryId, SubscriberId
from paperround.tokens import UNSUBSCRIBE, token

SECRET = bytes(range(32))
ADA = SubscriberId(7)
DELIVERY = DeliveryId(42)
MAILBOX = "bounces@example.org"
PATH = return_path(DELIVERY, secret=SECRET, mailbox=MAILBOX)
MESSAGE_ID = message_id(TUESDAY, ADA, secret=SECRET, domain="example.org")
WISH = f"unsubscribe {token(SECRET, UNSUBSCRIBE, ADA)}"

LETTER = f"""\
Return-Path: <{PATH}>
From: Paper Round <papers@example.org>
To: ada@example.net
Subject: Papers of 16 June
Message-ID: {MESSAGE_ID}
List-Unsubscribe: <https://papers.example.org/unsubscribe/{token(SECRET, UNSUBSCRIBE, ADA)}>

Today's papers.
"""


def dsn(
    fields: str,
    *,
    to: str = PATH,
    letter: str | None = LETTER,
    kind: str = "message/rfc822",
    head: Mapping[str, str] | None = None,
) -> bytes:
    """Return a delivery status notification (RFC 3464) with these fields about its recipient."""
    more = "".join(f"{name}: {value}\n" for name, value in (head or {}).items())
    returned = "" if letter is None else f"--x\nContent-Type: {kind}\n\n{letter}\n"
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Your mail could not be delivered
Auto-Submitted: auto-replied
MIME-Version: 1.0
{more}Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain; charset=us-ascii

Something went wrong on the way.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Tue, 16 Jun 2026 07:30:01 +0000

Final-Recipient: rfc822; ada@example.net
{fields}

{returned}--x--
""".encode()


def report(*, feedback: str = "abuse", mail_from: str = "", letter: str = LETTER, to: str = MAILBOX) -> bytes:
    """Return a feedback report (RFC 5965)."""
    original = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    return f"""\
From: Feedback loop <fbl@mail.example.net>
To: {to}
Subject: A report about your mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=y

--y
Content-Type: text/plain

One of our users does not want this.

--y
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: SomeLoop/1.0
Version: 1
{original}Arrival-Date: Tue, 16 Jun 2026 08:00:00 +0000

--y
Content-Type: message/rfc822

{letter}
--y--
""".encode()


def mail(subject: str, body: str, *, to: str = PATH, head: Mapping[str, str] | None = None) -> bytes:
    """Return a plain message."""
    more = "".join(f"{name}: {value}\n" for name, value in (head or {}).items())
    return f"From: ada@example.net\nTo: {to}\nSubject: {subject}\n{more}\n{body}\n".encode()


def qmail(reason: str, *, to: str = PATH, letter: str = LETTER) -> bytes:
    """Return a bounce as qmail writes it."""
    body = f"""\
Hi. This is the mail program at mx.example.net.
It has given up on the following address.

<ada@example.net>:
{reason}

--- Below this line is a copy of the message.

{letter}"""
    return mail("failure notice", body, to=to, head={"Return-Path": "<>"})


POSTFIX = """\
Original-Recipient: rfc822;ada@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.net>: Recipient address rejected: no
    such user here"""

POSTFIX_ITSELF = """\
Action: failed
Status: 5.1.1
Diagnostic-Code: X-Postfix; unknown user: "ada\""""

EXCHANGE = """\
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; nobody of that name by SMTP lookup
X-Display-Name: Ada"""

GMAIL = """\
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com. (192.0.2.7, the server for the domain example.com.)
Diagnostic-Code: smtp; 550-5.1.1 The account that you tried to reach is not there. Please
 550-5.1.1 look at the address once more.
 550 5.1.1 ask for help elsewhere
Last-Attempt-Date: Tue, 16 Jun 2026 00:30:03 -0700 (PDT)"""

EXIM = """\
Action: failed
Status: 5.0.0
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 no such mailbox"""

FULL = """\
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 the mailbox is over its limit"""

EXPIRED = """\
Action: failed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mail.example.net[192.0.2.9]:25: Connection timed out"""

POLICY = """\
Action: failed
Status: 5.7.1
Diagnostic-Code: smtp; 550 5.7.1 Our system thinks that this is unwanted bulk mail"""

DELAYED = """\
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mail.example.net[192.0.2.9]:25: Connection refused
Will-Retry-Until: Sun, 21 Jun 2026 07:30:01 +0000"""
