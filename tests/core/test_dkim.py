import base64
import re
import subprocess
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.dkim_signing import KeyProblem, Signer
from paperround.settings import DkimKey, DkimSettings

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
RSA_KEY = rsa.generate_private_key(65537, 2048)
ED25519_KEY = ed25519.Ed25519PrivateKey.generate()
MESSAGE = b"""\
From: Paper Round <papers@example.org>
To: ada@example.org
Subject: A title  that is
\tfolded
Date: Tue, 16 Jun 2026 06:30:00 +0000
Message-ID: <1@example.org>
List-Unsubscribe: <https://papers.example.org/unsubscribe/1>,
 <mailto:papers@example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Good  morning, \t Ada. \t
\x20
\tBye.


""".replace(b"\n", b"\r\n")

GOLDEN = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s1;
 t=1781611200; h=from:from:to:to:subject:subject:date:date:message-id
 :list-unsubscribe:list-unsubscribe-post:mime-version:content-type;
 bh=x+CZCgNgpsfl2pY7q/mz3veQJnvJ8WKl/jMTiqsoCLA=;
 b=9Cy6sct28HpOTrSDMRphlFIZEVt+cfdkYmFmdYkDfskP7CRJCekrgOX+wmqkWLvG/Cf7twg5OqV
 lwAwjKPgfAQ==
"""

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pem(key: PrivateKey, encryption: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


SIGNER = Signer(DkimSettings(selector="s1", domain="example.org", key=pem(RSA_KEY)))
BESIDE = DkimKey(selector="e1", key=pem(ED25519_KEY))
BOTH = Signer(DkimSettings(selector="s1", domain="example.org", key=pem(RSA_KEY), ed25519=BESIDE))

RSA_PUBLIC = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ED25519_PUBLIC = ED25519_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
RECORDS = {
    b"s1._domainkey.example.org.": b"v=DKIM1; k=rsa; p=" + base64.b64encode(RSA_PUBLIC),
    b"e1._domainkey.example.org.": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(ED25519_PUBLIC),
}


def verdicts(message: bytes) -> list[bool]:
    """What an independent verifier says of each signature, from the top."""

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - its form
        return RECORDS.get(name)

    def verdict(at: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(idx=at, dnsfunc=look_up))
        except dkim.DKIMException:
            return False

    count = len(re.findall(rb"^DKIM-Signature:", message, re.MULTILINE))
    return [verdict(at) for at in range(count)]


def verified(message: bytes) -> bool:
    return verdicts(message) == [True]


def signatures(signed: bytes) -> list[bytes]:
    """The fields in front of the message itself."""
    return [field + b"\r\n" for field in re.split(rb"\r\n(?![ \t])", signed.removesuffix(MESSAGE)) if field]


def tags(signed: bytes) -> dict[str, str]:
    field = re.split(rb"\r\n(?![ \t])", signed)[0].decode().removeprefix("DKIM-Signature:")
    pairs = (tag.split("=", 1) for tag in re.sub(r"\s+", "", field).split(";"))
    return {name: value for name, value in pairs}  # noqa: C416 - dict() does not know that each has two


def test_a_signature_is_accepted_by_an_independent_verifier() -> None:
    assert verified(SIGNER.sign(MESSAGE, now=NOON))


def test_the_message_itself_is_not_touched() -> None:
    assert SIGNER.sign(MESSAGE, now=NOON).endswith(b"\r\n" + MESSAGE)


def test_signing_twice_gives_the_same_bytes() -> None:
    assert SIGNER.sign(MESSAGE, now=NOON) == SIGNER.sign(MESSAGE, now=NOON)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Bye.", b"Buy."),
        (b"Good  morning", b"Goodmorning"),
        (b"A title", b"Another title"),
        (b"papers.example.org/unsubscribe", b"papers.example.com/unsubscribe"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Other"),
        (b"charset=utf-8", b"charset=utf-7"),
        (b"\r\nTo: ", b"\r\nFrom: eve@example.com\r\nTo: "),
        (b"\r\nTo: ", b"\r\nSubject: Another\r\nTo: "),
        (b"\r\nTo: ", b"\r\nTo: eve@example.com\r\nTo: "),
        (b"\r\n\r\n\r\n", b"\r\n\r\nP.S.\r\n\r\n"),
    ],
)
def test_a_change_on_the_way_breaks_the_signature(before: bytes, after: bytes) -> None:
    signed = SIGNER.sign(MESSAGE, now=NOON)
    assert before in signed
    assert not verified(signed.replace(before, after))


def test_a_change_of_spaces_and_of_what_is_not_signed_does_not() -> None:
    signed = SIGNER.sign(MESSAGE, now=NOON)
    refolded = signed.replace(b"A title  that is\r\n\tfolded", b"A title that is folded")
    assert verified(
        b"Received: from somewhere\r\n" + refolded.replace(b"Good  morning", b"Good morning") + b"\r\n"
    )


def test_the_signature_says_what_it_covers() -> None:
    said = tags(SIGNER.sign(MESSAGE, now=NOON))
    assert (said["v"], said["a"], said["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (said["d"], said["s"], said["t"]) == ("example.org", "s1", str(int(NOON.timestamp())))
    assert "l" not in said
    covered = said["h"].split(":")
    assert covered.count("from") == 2
    assert {"list-unsubscribe", "list-unsubscribe-post", "message-id", "content-type"} <= set(covered)
    assert "received" not in covered


def test_no_line_of_the_signature_is_long() -> None:
    head = SIGNER.sign(MESSAGE, now=NOON).removesuffix(MESSAGE)
    assert max(map(len, head.split(b"\r\n"))) <= 78


SPACED = st.text("a \t\n.=", max_size=60)


@given(SPACED, SPACED)
@example("", "")
@example("a", " \n \n")
@example(" \t a\t\t", " ")
def test_any_spacing_is_signed_as_the_verifier_reads_it(subject: str, body: str) -> None:
    lines = subject.replace("\n", "").strip() + "\n\n" + body + "\n"
    message = f"From: papers@example.org\nSubject: {lines}".replace("\n", "\r\n").encode()
    assert verified(SIGNER.sign(message, now=NOON))


def test_of_fields_that_occur_twice_both_are_signed() -> None:
    twice = b"List-Id: <a.example.org>\r\nList-Id: <b.example.org>\r\n" + MESSAGE
    signed = SIGNER.sign(twice, now=NOON)
    assert verified(signed)
    assert not verified(signed.replace(b"<a.example.org>", b"<c.example.org>"))


def test_an_ed25519_key_may_sign_alone() -> None:
    alone = Signer(DkimSettings(selector="e1", domain="example.org", key=pem(ED25519_KEY)))
    signed = alone.sign(MESSAGE, now=NOON)
    assert tags(signed)["a"] == "ed25519-sha256"
    assert verdicts(signed) == [True]


def test_a_signature_has_the_bytes_it_always_had() -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    signer = Signer(DkimSettings(selector="s1", domain="example.org", key=pem(key)))
    assert signer.sign(MESSAGE, now=NOON) == GOLDEN.replace(b"\n", b"\r\n") + MESSAGE


def test_two_keys_sign_beside_each_other() -> None:
    signed = BOTH.sign(MESSAGE, now=NOON)
    assert signed.endswith(b"\r\n" + MESSAGE)
    assert verdicts(signed) == [True, True]
    assert [tag["a"] for tag in map(tags, signatures(signed))] == ["rsa-sha256", "ed25519-sha256"]


def test_neither_signature_covers_the_other() -> None:
    rsa_signature, ed25519_signature = signatures(BOTH.sign(MESSAGE, now=NOON))
    assert rsa_signature + MESSAGE == SIGNER.sign(MESSAGE, now=NOON)
    assert verdicts(ed25519_signature + MESSAGE) == [True]
    assert verdicts(ed25519_signature + rsa_signature + MESSAGE) == [True, True]


def test_a_change_on_the_way_breaks_both() -> None:
    signed = BOTH.sign(MESSAGE, now=NOON)
    assert verdicts(signed.replace(b"Bye.", b"Buy.")) == [False, False]
    assert verdicts(signed.replace(b"A title", b"Another title")) == [False, False]


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        (RSA_KEY, RSA_KEY, "PAPERROUND_DKIM_ED25519_KEY: the DKIM key is RSA and not .*openssl genpkey"),
        (ED25519_KEY, ED25519_KEY, "PAPERROUND_DKIM_KEY: the DKIM key is Ed25519, and so .*openssl genrsa"),
        (ED25519_KEY, RSA_KEY, "PAPERROUND_DKIM_ED25519_KEY: the DKIM key is RSA and not"),
    ],
)
def test_each_of_two_keys_has_its_place(first: PrivateKey, second: PrivateKey, complaint: str) -> None:
    beside = DkimKey(selector="e1", key=pem(second))
    with pytest.raises(KeyProblem, match=complaint):
        Signer(DkimSettings(selector="s1", domain="example.org", key=pem(first), ed25519=beside))


def test_what_is_wrong_with_the_second_key_names_its_variable() -> None:
    beside = DkimKey(selector="e1", key="canary")
    with pytest.raises(KeyProblem, match=r"^PAPERROUND_DKIM_ED25519_KEY: .*ed25519") as raised:
        Signer(DkimSettings(selector="s1", domain="example.org", key=pem(RSA_KEY), ed25519=beside))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("", "not a private key in PEM form"),
        ("s1._domainkey", "not a private key in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "not a private key in PEM form"),
        (pem(RSA_KEY, BestAvailableEncryption(b"secret")), "has a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_a_mend(key: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=rf"^PAPERROUND_DKIM_KEY: .*{complaint}.*openssl"):
        Signer(DkimSettings(selector="s1", domain="example.org", key=key))


@pytest.mark.needs("openssl")
def test_a_key_too_short_to_be_accepted_is_refused() -> None:
    short = subprocess.run(["openssl", "genrsa", "512"], capture_output=True, text=True, check=True).stdout
    with pytest.raises(ValueError, match="has 512 bits"):
        Signer(DkimSettings(selector="s1", domain="example.org", key=short))


def test_a_refused_key_is_not_shown() -> None:
    with pytest.raises(ValueError, match="DKIM key") as raised:
        Signer(DkimSettings(selector="s1", domain="example.org", key="canary"))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("selector", "domain"), [("s1; l=0", "example.org"), ("s1", "example.org; l=0"), ("", "example.org")]
)
def test_a_selector_or_a_domain_cannot_add_a_tag(selector: str, domain: str) -> None:
    with pytest.raises(ValueError, match="not a domain"):
        Signer(DkimSettings(selector=selector, domain=domain, key=pem(RSA_KEY)))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"From: a@example.org\r\n",
        b"From: a@example.org\n\na\r\n",
        b"From: a@example.org\r\n\r\na",
        b"From: a@example.org\r\n\r\na\nb\r\n",
        b"From: a@example.org\r\n\r\na\rb\r\n",
        b"To: a@example.org\r\n\r\na\r\n",
    ],
)
def test_a_message_that_would_be_changed_on_the_way_is_not_signed(message: bytes) -> None:
    with pytest.raises(ValueError, match="a message to sign has"):
        SIGNER.sign(message, now=NOON)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        SIGNER.sign(MESSAGE, now=NOON.replace(tzinfo=None))
