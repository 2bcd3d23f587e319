import base64
import email
import email.policy
import email.utils
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypedDict, Unpack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.headers import flattened
from paperround.messages import Unsubscribe, addressee, build, message_id, return_path, unsubscribe
from paperround.ports import DeliveryId, SubscriberId
from paperround.settings import Mailbox

SECRET = bytes(range(32))
DAY = date(2026, 6, 16)
ADA = SubscriberId(7)
SENDER = Mailbox(name="Paper Round", address="papers@example.org")
ID = message_id(DAY, ADA, secret=SECRET, domain=SENDER.domain)
WAYS_OUT = unsubscribe(ADA, secret=SECRET, mailbox=SENDER.address, public_url="https://papers.example.org")


class Parts(TypedDict, total=False):
    subject: str
    text: str
    html: str
    sender: Mailbox
    recipient: str
    message_id: str
    date: datetime
    unsubscribe: Unsubscribe
    idempotency_header: str


def built(**changes: Unpack[Parts]) -> bytes:
    parts = Parts(
        subject="16 June: Schrödinger bridges, and 4 more",
        text="Good morning, Ada.\n",
        html="<p>Schrödinger bridges = 1</p>\n",
        sender=SENDER,
        recipient="ada@example.org",
        message_id=ID,
        date=datetime(2026, 6, 16, 6, 30, tzinfo=UTC),
        unsubscribe=WAYS_OUT,
    )
    parts.update(changes)
    return build(**parts)


def parsed(message: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(message, policy=email.policy.default)


def content(message: email.message.EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text


def lined(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


GOLDEN = b"""\
From: Paper Round <papers@example.org>
To: ada@example.org
Subject: =?utf-8?q?16_June=3A_Schr=C3=B6dinger_bridges=2C_and_4_more?=
Date: Tue, 16 Jun 2026 06:30:00 +0000
Message-ID: <2026-06-16.7.fa8cee3233fcf48c@example.org>
List-Id: Paper Round <digest.example.org>
List-Unsubscribe: <https://papers.example.org/unsubscribe/1-7-z3fae577dawiopj632vzivnoim>,
 <mailto:papers@example.org?subject=unsubscribe%201-7-z3fae577dawiopj632vzivnoim>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Auto-Submitted: auto-generated
Precedence: bulk
X-Auto-Response-Suppress: OOF, AutoReply
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_5408660ae0eca9e01a655935"

--=_5408660ae0eca9e01a655935
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Good morning, Ada.

--=_5408660ae0eca9e01a655935
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Schr=C3=B6dinger bridges =3D 1</p>

--=_5408660ae0eca9e01a655935--
"""


def test_a_message_is_these_bytes_on_every_python() -> None:
    assert built() == GOLDEN.replace(b"\n", b"\r\n")


def test_building_twice_gives_the_same_bytes() -> None:
    assert built() == built()


def test_the_boundary_differs_from_message_to_message() -> None:
    other = built(message_id=message_id(DAY, SubscriberId(8), secret=SECRET, domain="example.org"))
    assert parsed(built()).get_boundary() != parsed(other).get_boundary()


TEXT = st.text(max_size=200) | st.text("=.?_- \r\n\t\0é漢😀-=_ab", max_size=400)


@given(subject=TEXT, text=TEXT, html=TEXT, name=TEXT)
@example(subject="", text="", html="", name="")
@example(subject="a\r\nBcc: eve@example.org", text=".\r\n..\n.", html="a\rb", name="a\nBcc: eve@example.org")
@example(subject="x", text="x" * 3000, html="漢" * 3000, name="x")
@example(subject="x", text="\ud800", html="漢\udfff" * 50, name="\ud800")
@example(subject="x", text="--=_", html="a \nb\t\n c ", name="x")
def test_any_text_makes_a_message_that_reads_back_as_written(
    subject: str, text: str, html: str, name: str
) -> None:
    raw = built(subject=subject, text=text, html=html, sender=replace(SENDER, name=name))
    message = parsed(raw)
    assert message.keys() == parsed(built()).keys()
    assert message["Subject"] == flattened(subject)
    assert message["From"].addresses[0].addr_spec == SENDER.address
    assert lined(content(message, "plain")) == lined(text).encode(errors="replace").decode()
    assert lined(content(message, "html")) == lined(html).encode(errors="replace").decode()
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 98
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert b"\r\nList-Unsubscribe: <" + str(WAYS_OUT.url).encode() + b">,\r\n" in raw


def test_a_part_takes_the_smaller_encoding() -> None:
    plain, other = parsed(built(text="diffusion models\n" * 50, html="扩散模型" * 50)).iter_parts()
    assert plain["Content-Transfer-Encoding"] == "quoted-printable"
    assert other["Content-Transfer-Encoding"] == "base64"


def test_line_ends_are_crlf_inside_base64_too() -> None:
    (_, html) = parsed(built(html="扩散\n模型\r\n" * 20)).iter_parts()
    assert base64.b64decode(str(html.get_payload())).decode() == "扩散\r\n模型\r\n" * 20


def test_the_text_part_comes_first_and_the_better_one_last() -> None:
    assert [part.get_content_type() for part in parsed(built()).iter_parts()] == ["text/plain", "text/html"]


def test_the_date_is_the_moment_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert (
        parsed(built(date=datetime(2026, 6, 17, 7, 30, tzinfo=tokyo)))["Date"]
        == "Tue, 16 Jun 2026 22:30:00 +0000"
    )


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        built(date=datetime(2026, 6, 16))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    "recipient", ["a@b.example, eve@example.org", "a@b.example\r\nBcc: eve@example.org", "jörg@example.org"]
)
def test_a_recipient_is_one_address_or_an_error(recipient: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        built(recipient=recipient)


def test_an_international_domain_travels_in_ascii() -> None:
    message = parsed(built(recipient="ada@exämple.org", sender=replace(SENDER, address="papers@exämple.org")))
    assert message["To"] == "ada@xn--exmple-cua.org"
    assert message["List-Id"] == "Paper Round <digest.xn--exmple-cua.org>"


@pytest.mark.parametrize(
    "bad", ["", "2026@example.org", "<a b@example.org>", "<a@b>\r\nBcc: eve@example.org", "<a@b>\n"]
)
def test_a_message_id_of_another_form_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        built(message_id=bad)


def test_one_click_is_offered_over_https_alone() -> None:
    over_http = unsubscribe(ADA, secret=SECRET, mailbox=SENDER.address, public_url="http://localhost:8080/")
    by_mail = unsubscribe(ADA, secret=SECRET, mailbox=SENDER.address, public_url=None)
    assert parsed(built())["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsed(built(unsubscribe=over_http))["List-Unsubscribe-Post"] is None
    assert parsed(built(unsubscribe=by_mail))["List-Unsubscribe-Post"] is None
    assert str(over_http.url).startswith("http://localhost:8080/unsubscribe/1-7-")
    assert b"\r\nList-Unsubscribe: <mailto:papers@example.org?subject=unsubscribe%20" in built(
        unsubscribe=by_mail
    )


def test_the_link_to_unsubscribe_is_short_enough_for_every_reader() -> None:
    longest = unsubscribe(
        SubscriberId(9_999_999),
        secret=SECRET,
        mailbox=SENDER.address,
        public_url="https://papers.example.org",
    )
    assert len(str(longest.url)) <= 75


def test_a_sender_with_marks_in_its_name_can_be_mailed_to() -> None:
    ways = unsubscribe(ADA, secret=SECRET, mailbox="a&b=c@example.org", public_url=None)
    assert ways.mailto.startswith("mailto:a%26b%3Dc@example.org?subject=unsubscribe%20")


def test_a_message_id_is_the_same_each_time_and_no_other_day_s() -> None:
    assert message_id(DAY, ADA, secret=SECRET, domain="EXAMPLE.org") == ID
    others = {
        message_id(DAY, SubscriberId(8), secret=SECRET, domain="example.org"),
        message_id(date(2026, 6, 17), ADA, secret=SECRET, domain="example.org"),
        message_id(DAY, ADA, secret=bytes(32), domain="example.org"),
    }
    assert ID not in others
    assert len(others) == 3


def test_a_message_id_says_to_whom_the_message_went_and_no_other_does() -> None:
    assert addressee(ID, secret=SECRET) == ADA
    assert addressee(ID, secret=bytes(32)) is None
    assert addressee(ID.replace(".7.", ".8."), secret=SECRET) is None
    assert addressee("", secret=SECRET) is None


def test_each_delivery_comes_back_to_an_address_of_its_own_that_servers_can_take() -> None:
    path = return_path(DeliveryId(42), secret=SECRET, mailbox="bounces@example.org")
    assert path == "bounces+1-42-z6b7i2rcq4mubxfa5l2gixwazy@example.org"
    latest = DeliveryId(9_999_999_999)
    longest = return_path(latest, secret=SECRET, mailbox=f"{'b' * 24}@example.org")
    assert len(longest.partition("@")[0]) <= 64


def test_nobody_can_guess_a_message_id_from_another() -> None:
    marks = {
        message_id(DAY, SubscriberId(n), secret=SECRET, domain="example.org").split(".")[2] for n in range(50)
    }
    assert len(marks) == 50


def test_an_idempotency_header_has_the_same_value_in_each_copy_and_another_in_every_other_message() -> None:
    def value(identity: str) -> str:
        message = parsed(built(idempotency_header="Idempotency-Key", message_id=identity))
        values = message.get_all("Idempotency-Key", [])
        assert len(values) == 1
        return str(values[0])

    others = (
        message_id(DAY + timedelta(days=1), ADA, secret=SECRET, domain=SENDER.domain),
        message_id(DAY, SubscriberId(8), secret=SECRET, domain=SENDER.domain),
        message_id(DAY, ADA, secret=SECRET[::-1], domain=SENDER.domain),
    )
    assert value(ID) == value(ID)
    assert len({value(ID), *map(value, others)}) == 4
    assert re.fullmatch("[0-9a-f]{32}", value(ID))


def test_without_an_idempotency_header_a_message_is_the_same_but_for_it() -> None:
    there = built(idempotency_header="Idempotency-Key")
    assert re.sub(rb"Idempotency-Key: [0-9a-f]{32}\r\n", b"", there) == built()
