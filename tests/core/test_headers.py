import email
import email.header
import email.policy
import email.utils

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.headers import (
    field,
    flattened,
    list_field,
    mailbox_field,
    text_field,
    uris_field,
    wire_address,
    wire_domain,
)
from paperround.settings import Mailbox

ADDRESS = "papers@example.org"
TEXT = st.text(max_size=300) | st.text('=?_ utf-8bqQB"\\(),<>@;:.é\r\n\t\0é漢😀', max_size=300)


def parsed(lines: str) -> email.message.EmailMessage:
    message = email.message_from_bytes(lines.encode("ascii") + b"\r\n", policy=email.policy.default)
    assert len(message) == 1
    return message


def read_leniently(value: str) -> str:
    return str(email.header.make_header(email.header.decode_header(value)))


def test_plain_text_stays_readable_and_folds_at_spaces() -> None:
    title = "16 June: a title of so many words that one line of a header cannot hold all of them, and 4 more"
    assert text_field("Subject", title) == (
        "Subject: 16 June: a title of so many words that one line of a header cannot\r\n"
        " hold all of them, and 4 more\r\n"
    )


def test_mostly_latin_text_is_quoted_and_other_text_is_base64() -> None:
    assert text_field("Subject", "Schrödinger bridges") == "Subject: =?utf-8?q?Schr=C3=B6dinger_bridges?=\r\n"
    assert text_field("Subject", "扩散模型") == "Subject: =?utf-8?b?5omp5pWj5qih5Z6L?=\r\n"


def test_text_that_looks_encoded_arrives_as_it_was_written() -> None:
    title = "=?utf-8?q?not_encoded?= and why"
    assert parsed(text_field("Subject", title))["Subject"] == title


def test_an_empty_text_leaves_no_space_at_the_end_of_the_line() -> None:
    assert text_field("Subject", " \r\n ") == "Subject:\r\n"


@given(TEXT)
@example("x" * 300)
@example("a b " * 70)
@example("é" * 300)
@example("a" * 66 + "é")
@example("\ud800 lone surrogate")
def test_any_text_becomes_one_field_that_reads_back(text: str) -> None:
    lines = text_field("Subject", text)
    assert parsed(lines)["Subject"] == flattened(text)
    for line in lines.split("\r\n"):
        assert len(line) <= (76 if "=?utf-8?" in line else 78)
        for word in line.removeprefix("Subject:").split():
            assert not word.startswith("=?utf-8?") or len(word) <= 75


@given(st.text(max_size=100))
def test_no_encoded_word_ends_inside_a_character(text: str) -> None:
    value = text_field("Subject", "é" + text).removeprefix("Subject: ")
    for word in value.split():
        ((raw, charset),) = email.header.decode_header(word)
        assert isinstance(raw, bytes)
        assert raw.decode(charset or "ascii") is not None


@given(TEXT)
@example('Paper "Round", Inc. \\')
@example("=?utf-8?q?x?=")
@example("x" * 300)
@example("Ä" * 300)
def test_any_display_name_keeps_the_address_whole(name: str) -> None:
    lines = mailbox_field("From", Mailbox(name=name, address=ADDRESS))
    (address,) = parsed(lines)["From"].addresses
    assert address.addr_spec == ADDRESS
    shown, plain_address = email.utils.parseaddr(lines.removeprefix("From: "))
    assert plain_address == ADDRESS
    assert read_leniently(shown) == flattened(name)
    assert all(len(line) <= 78 for line in lines.split("\r\n"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Paper Round", "Paper Round <papers@example.org>"),
        ("Papers, Ltd.", '"Papers, Ltd." <papers@example.org>'),
        ('The "Round"', r'"The \"Round\"" <papers@example.org>'),
        ("Le Café des Papiers", "=?utf-8?q?Le_Caf=C3=A9_des_Papiers?= <papers@example.org>"),
        ("", "papers@example.org"),
    ],
)
def test_a_name_stands_bare_quoted_or_encoded_as_it_needs(name: str, value: str) -> None:
    assert mailbox_field("From", Mailbox(name=name, address=ADDRESS)) == f"From: {value}\r\n"


@pytest.mark.parametrize("title", ["", "Büro", "=?utf-8?q?x?=", "x" * 70])
def test_a_list_is_never_named_in_encoded_words(title: str) -> None:
    assert list_field("List-Id", title, "digest.example.org") == "List-Id: <digest.example.org>\r\n"


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.example/\r\nBcc: x",
        "https://a.example/>",
        "https://a.example/a,b",
        "mailto:a b",
        "https://exämple.org/",
    ],
)
def test_an_uri_that_would_end_its_brackets_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="List-Unsubscribe"):
        uris_field("List-Unsubscribe", (uri,))


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\0b", "é", "x" * 998])
def test_a_verbatim_value_that_cannot_stand_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a header"):
        field("X-Test", value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada\n@example.org",
        "ada@example.org\n",
        "ada\0@example.org",
        "ada lovelace@example.org",
        '"ada"@example.org',
        "a..b@example.org",
        ".a@example.org",
        "<ada@example.org>",
        "jörg@example.org",
        "=?utf-8?q?a?=@example.org",
        "a" * 65 + "@example.org",
        "ada@-example.org",
        "ada@example..org",
        "ada@example.org.",
        "ada@" + "a" * 64 + ".org",
        "ada@" + ".".join(["abcdefg"] * 40),
        "ada@[127.0.0.1]",
        "ada@straße.de",
        "ada@exa mple.org",
        "ada@ex\u202eample.org",
        "ada@" + "ä" * 5000 + ".org",
    ],
)
def test_an_address_that_cannot_get_mail_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        wire_address(address)


def test_an_address_travels_with_its_domain_in_ascii() -> None:
    assert wire_address("Ada.L+papers@EXÄMPLE.org") == "Ada.L+papers@xn--exmple-cua.org"
    assert wire_address("o'hara/x@Example.ORG") == "o'hara/x@example.org"
    assert wire_domain("exa\u0308mple.org") == "xn--exmple-cua.org"


@given(st.text(max_size=80))
def test_whatever_passes_as_an_address_is_one_bare_address(text: str) -> None:
    try:
        address = wire_address(text + "@example.org")
    except ValueError:
        return
    assert email.utils.getaddresses([address]) == [("", address)]
    assert parsed(f"To: {address}\r\n")["To"].addresses[0].addr_spec == address


@given(st.text(max_size=80))
def test_whatever_passes_as_a_domain_is_ascii_and_stays_the_same(text: str) -> None:
    try:
        domain = wire_domain(text)
    except ValueError:
        return
    assert domain.isascii()
    assert wire_domain(domain) == domain
