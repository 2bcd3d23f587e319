"""What the DNS says of a domain, judged: each finding with what to do, and a line for the zone."""

import pytest

from paperround.domain_records import (
    Alignment,
    Finding,
    Level,
    PublicKey,
    dkim,
    dmarc,
    mail_exchangers,
    parents,
    spf,
)

DOMAIN, RELAY = "example.org", "smtp.example.net"
KEY = PublicKey(algorithm="rsa", text="MIIB", bits=2048)
HERE = Alignment(author=DOMAIN, envelope=DOMAIN, signing=DOMAIN)


def of_spf(*texts: str) -> list[Finding]:
    return list(spf(DOMAIN, ("some-verification=1", *texts), relay=RELAY))


def of_dkim(*texts: str, key: PublicKey = KEY) -> list[Finding]:
    return list(dkim("s1", DOMAIN, key, texts))


def of_dmarc(*texts: str, alignment: Alignment = HERE) -> list[Finding]:
    return list(dmarc({alignment.author: texts}, alignment))


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def test_one_spf_record_that_ends_is_fine_and_says_what_cannot_be_seen() -> None:
    for record in ("v=spf1 a:smtp.example.net ~all", "V=SPF1 -all", "v=spf1 redirect=_spf.example.net"):
        (finding,) = of_spf(record)
        assert finding.level is Level.FINE
        assert "spf=pass" in finding.mend


def test_a_missing_spf_record_can_be_pasted() -> None:
    (finding,) = of_spf("v=spf10 -all")
    assert finding.level is Level.PROBLEM
    assert finding.record == 'example.org. IN TXT "v=spf1 a:smtp.example.net ~all"'


def test_two_spf_records_are_made_one() -> None:
    (finding,) = of_spf("v=spf1 mx -all", "v=spf1 include:_spf.example.net mx ~all")
    assert finding.level is Level.PROBLEM
    assert finding.record == 'example.org. IN TXT "v=spf1 mx include:_spf.example.net ~all"'


@pytest.mark.parametrize(
    ("record", "level", "said"),
    [
        ("v=spf1 mx +all", Level.PROBLEM, "lets everybody send"),
        ("v=spf1 mx all", Level.PROBLEM, "lets everybody send"),
        ("v=spf1 mx ?all", Level.WARNING, "says nothing of others"),
        ("v=spf1 mx", Level.WARNING, "has no end"),
        ("v=spf1 ~all mx", Level.WARNING, "what follows `all` is not read"),
        (f"v=spf1 {' '.join(f'include:{number}.example' for number in range(11))} ~all", Level.PROBLEM, "11"),
    ],
)
def test_an_spf_record_that_does_not_do_its_work_is_told(record: str, level: Level, said: str) -> None:
    first, *_, last = of_spf(record)
    assert (first.level, last.level) == (level, Level.FINE)
    assert said in first.message


def test_the_end_of_an_spf_record_can_be_pasted() -> None:
    first, _ = of_spf("v=spf1 mx +all")
    assert first.record == 'example.org. IN TXT "v=spf1 mx ~all"'


def test_the_key_that_signs_is_fine_in_any_spelling() -> None:
    for record in ("v=DKIM1; k=rsa; p=MIIB", "p=MI IB", "v=DKIM1;k=rsa;s=email;h=sha1:sha256;p=MIIB;"):
        assert levels(of_dkim(record)) == [Level.FINE]
    ed25519 = PublicKey(algorithm="ed25519", text="abc=", bits=256)
    assert levels(of_dkim("v=DKIM1; k=ed25519; p=abc=", key=ed25519)) == [Level.FINE]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ((), "is not there"),
        (("p=MIIB", "p=MIIB"), "has 2 records"),
        (("v=DKIM1; p=",), "was revoked"),
        (("v=DKIM1; p=MIIC",), "another key"),
        (("v=DKIM1; k=ed25519; p=MIIB",), "is for ed25519, and we sign with rsa"),
        (("v=DKIM1; h=sha1; p=MIIB",), "does not allow sha256"),
        (("v=DKIM1; s=tlsrpt; p=MIIB",), "is not for mail"),
        (("v=DKIM2; p=MIIB",), "is no DKIM record"),
        (("hello",), "was revoked"),
    ],
)
def test_a_key_record_that_verifies_nothing_is_told_with_the_right_one(
    records: tuple[str, ...], said: str
) -> None:
    (finding,) = of_dkim(*records)
    assert finding.level is Level.PROBLEM
    assert said in finding.message
    assert finding.record == 's1._domainkey.example.org. IN TXT "v=DKIM1; k=rsa; p=MIIB"'


def test_a_long_key_stands_in_several_strings() -> None:
    (finding,) = of_dkim(key=PublicKey(algorithm="rsa", text="A" * 392, bits=2048))
    strings = finding.record.partition("TXT ")[2].strip('"').split('" "')
    assert [len(each) <= 255 for each in strings] == [True, True]
    assert "".join(strings) == f"v=DKIM1; k=rsa; p={'A' * 392}"


def test_a_record_for_testing_and_a_short_key_are_told() -> None:
    testing, fine = of_dkim("v=DKIM1; t=s:y; p=MIIB")
    assert (testing.level, fine.level) == (Level.WARNING, Level.FINE)
    assert testing.record == 's1._domainkey.example.org. IN TXT "v=DKIM1; p=MIIB"'
    short, _ = of_dkim("p=MIIB", key=PublicKey(algorithm="rsa", text="MIIB", bits=1024))
    assert "1024 bits" in short.message


def test_a_policy_is_fine_and_may_stand_above() -> None:
    assert levels(of_dmarc("v=DMARC1; p=none; rua=mailto:a@example.org")) == [Level.FINE]
    below = Alignment(author="mail.example.org", envelope="mail.example.org", signing="example.org")
    found = list(dmarc({"mail.example.org": (), "example.org": ("v=DMARC1; p=reject",)}, below))
    assert levels(found) == [Level.FINE]
    assert parents("a.mail.example.org") == ("a.mail.example.org", "mail.example.org", "example.org")
    assert parents("localhost") == ("localhost",)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ((), "is not there"),
        (("v=DMARC1; p=none", "v=DMARC1; p=none"), "has 2 records"),
        (("v=DMARC1; rua=mailto:a@example.org",), "has no policy"),
        (("v=DMARC1; p=nothing",), "has no policy"),
    ],
)
def test_a_missing_policy_is_told(records: tuple[str, ...], said: str) -> None:
    (finding,) = of_dmarc(*records)
    assert finding.level is Level.PROBLEM
    assert said in finding.message


@pytest.mark.parametrize(
    ("envelope", "signing", "record", "expected"),
    [
        ("example.org", None, "p=reject", [Level.FINE]),
        ("bounces.example.org", None, "p=reject", [Level.FINE]),
        ("relay.example.net", "example.org", "p=reject", [Level.FINE]),
        ("relay.example.net", "mail.example.org", "p=reject", [Level.FINE]),
        ("relay.example.net", "mail.example.org", "p=reject; adkim=s", [Level.PROBLEM, Level.FINE]),
        ("bounces.example.org", "example.net", "p=reject; aspf=s", [Level.PROBLEM, Level.FINE]),
        ("relay.example.net", "example.net", "p=none", [Level.WARNING, Level.FINE]),
        ("relay.example.net", None, "p=reject", [Level.WARNING, Level.FINE]),  # the relay may sign
        ("badexample.org", "notexample.org", "p=reject", [Level.PROBLEM, Level.FINE]),
    ],
)
def test_something_has_to_speak_for_the_domain_of_from(
    envelope: str, signing: str | None, record: str, expected: list[Level]
) -> None:
    alignment = Alignment(author=DOMAIN, envelope=envelope, signing=signing)
    assert levels(of_dmarc(f"v=DMARC1; {record}", alignment=alignment)) == expected


def test_what_is_below_the_highest_record_is_one_organization() -> None:
    beside = Alignment(author="news.example.org", envelope="bounce.example.org", signing=None)
    texts = ("v=DMARC1; p=reject",)
    assert levels(list(dmarc({"news.example.org": texts, DOMAIN: texts}, beside))) == [Level.FINE]
    alone = list(dmarc({"news.example.org": texts, DOMAIN: ()}, beside))
    assert levels(alone) == [Level.WARNING, Level.FINE]


def test_the_policy_for_what_is_below_holds_there() -> None:
    below = Alignment(author="mail.example.org", envelope="a.net", signing="b.net")
    found = list(dmarc({"mail.example.org": (), DOMAIN: ("v=DMARC1; p=reject; sp=none",)}, below))
    assert levels(found) == [Level.WARNING, Level.FINE]


@pytest.mark.parametrize(
    ("hosts", "read", "level"),
    [
        (("mx.example.org.",), True, Level.FINE),
        ((), True, Level.PROBLEM),
        ((), False, Level.WARNING),
        ((".",), True, Level.PROBLEM),
    ],
)
def test_mail_has_to_find_its_way_back(hosts: tuple[str, ...], *, read: bool, level: Level) -> None:
    assert mail_exchangers(DOMAIN, hosts, read=read).level is level
