"""The body of a mail, put together of pieces that are encoded once."""

import email
import quopri
from email import policy

from hypothesis import given
from hypothesis import strategies as st

from paperround.bodies import SHORTEST, Body, octets, quoted_printable

# What is hard for the encoding: dots and blanks where a line or a piece ends, line breaks of all kinds, signs
# that are no ASCII, halves of characters.
_HARD = st.text(alphabet=st.sampled_from("a. =\t\n\r\u00e9\u4e2d\U0001f600\ud800-"), max_size=300)
_LONG = _HARD.map(lambda text: (text or "x") * (SHORTEST // max(len(text), 1) + 1))
_PIECES = st.lists(st.one_of(_HARD, _LONG), max_size=12)


def _read(quoted: bytes) -> str:
    return quopri.decodestring(quoted).decode().replace("\r\n", "\n")


def _normal(text: str) -> str:
    return text.encode(errors="replace").decode()


@given(pieces=_PIECES)
def test_what_is_encoded_piece_by_piece_reads_as_the_pieces_one_after_the_other(pieces: list[str]) -> None:
    text = Body(each.replace("\r", "") for each in pieces)

    assert _read(quoted_printable(text)) == _normal(text)


def test_line_breaks_of_any_kind_are_one() -> None:
    assert quoted_printable("a\r\nb\rc\nd") == b"a\r\nb\r\nc\r\nd"


@given(pieces=_PIECES)
def test_no_line_is_longer_than_76_and_each_ends_in_crlf(pieces: list[str]) -> None:
    quoted = quoted_printable(Body(pieces))

    assert quoted.isascii()
    assert quoted.count(b"\n") == quoted.count(b"\r") == quoted.count(b"\r\n")
    assert all(len(line) <= 76 for line in quoted.split(b"\r\n"))
    assert not quoted.endswith(b"=\r\n")


@given(pieces=_PIECES)
def test_the_standard_library_reads_it_too(pieces: list[str]) -> None:
    text = Body(each.replace("\r", "") for each in pieces)
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    message = email.message_from_bytes(head + quoted_printable(text), policy=policy.default)

    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == _normal(text).rstrip("\n")


@given(pieces=_PIECES)
def test_a_body_is_its_text(pieces: list[str]) -> None:
    assert Body(pieces) == "".join(pieces)
    assert Body(pieces).pieces == tuple(pieces)


def test_in_a_mail_a_line_ends_in_two_bytes() -> None:
    assert octets("é\n") == 4
