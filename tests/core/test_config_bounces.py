"""What `bounces` in paperround.yaml may say."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from paperround.config import installation, subscriptions
from paperround.config.environment import Variables
from paperround.config.fitting import Findings, Sheet
from paperround.config.yaml_lines import parse
from paperround.settings import BouncesSettings, ImapSettings, Mailbox, Tls

PASSWORD = "a secret"  # noqa: S105 - of nobody
START = "from: papers@example.org\nsources: [{kind: huggingface}]\n"
LOGIN = Variables(bounces_password=PASSWORD)


@dataclass(frozen=True, kw_only=True)
class Read:
    """What came of one text."""

    bounces: BouncesSettings | None
    problems: list[str]
    warnings: list[str]


def read(lines: str, *, variables: Variables = LOGIN, folder: Path = Path("config")) -> Read:
    findings = Findings()
    sheet = Sheet(parse((START + lines).encode(), Path("p.yaml")), findings)
    settings = installation.read(sheet, folder=folder, variables=variables)
    assert settings is not None
    problems, warnings = ([str(each) for each in found] for found in (findings.problems, findings.warnings))
    return Read(bounces=settings.bounces, problems=problems, warnings=warnings)


def test_without_the_key_nothing_is_different() -> None:
    assert read("", variables=Variables()) == Read(bounces=None, problems=[], warnings=[])


def test_an_address_alone_is_enough() -> None:
    done = read("bounces: {address: bounces@Example.org}\n", variables=Variables())
    assert done == Read(bounces=BouncesSettings(address="bounces@example.org"), problems=[], warnings=[])


def test_every_key_of_a_mailbox_is_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    done = read(
        """\
bounces:
  address: bounces@example.org
  imap:
    host: imap.example.org
    port: 1143
    tls: starttls
    username: bounces
    folder: Returned mail
    ca_file: ca.pem
""",
        folder=tmp_path,
    )
    imap = ImapSettings(
        host="imap.example.org",
        port=1143,
        tls=Tls.STARTTLS,
        username="bounces",
        password=PASSWORD,
        folder="Returned mail",
        ca_file=tmp_path / "ca.pem",
    )
    assert done == Read(
        bounces=BouncesSettings(address="bounces@example.org", mailbox=imap), problems=[], warnings=[]
    )
    assert PASSWORD not in repr(done)


@pytest.mark.parametrize(("tls", "port"), [("implicit", 993), ("starttls", 143)])
def test_a_mailbox_has_the_port_that_goes_with_its_tls(tls: str, port: int) -> None:
    done = read(f"bounces: {{address: b@example.org, imap: {{host: h.org, username: b, tls: {tls}}}}}\n")
    assert done.bounces is not None
    assert isinstance(done.bounces.mailbox, ImapSettings)
    assert done.bounces.mailbox.port == port


def test_a_maildir_begins_at_the_folder_of_the_file_and_may_come_later(tmp_path: Path) -> None:
    line = "bounces: {address: b@example.org, maildir: mail}\n"
    absent = read(line, variables=Variables(), folder=tmp_path)
    assert absent.problems == []
    assert "bounces.maildir: there is no folder" in absent.warnings[0]
    (tmp_path / "mail").mkdir()
    there = read(line, variables=Variables(), folder=tmp_path)
    assert there.bounces == BouncesSettings(address="b@example.org", mailbox=tmp_path / "mail")
    assert there.warnings == []


@pytest.mark.parametrize(
    ("bounces", "problem"),
    [
        ("{}", 'bounces.address: missing; add the key "address"'),
        ("{address: bounces}", 'bounces.address: "bounces" has no @'),
        (
            f"{{address: {'b' * 25}@example.org}}",
            "is too long to have a token behind it; take an address with at most 24 characters",
        ),
        (
            "{address: b@example.org, imap: {host: h.org, username: b, tls: none}}",
            'bounces.imap.tls: "none" cannot be chosen here',
        ),
        ("{address: b@example.org, imap: {host: h.org}}", "bounces.imap.username: missing"),
        (
            "{address: b@example.org, imap: {host: h.org, username: b, password: x}}",
            "a secret does not stand in this file: set PAPERROUND_BOUNCES_PASSWORD",
        ),
        (
            "{address: b@example.org, imap: {host: h.org, username: b, folder: Entwürfe}}",
            "a folder's name with letters beyond ASCII is not understood",
        ),
        (
            "{address: b@example.org, maildir: m, imap: {host: h.org, username: b}}",
            "bounces.imap: there is a maildir too; keep one of the two",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_mend(bounces: str, problem: str) -> None:
    done = read(f"bounces: {bounces}\n")
    assert len(done.problems) == 1
    assert problem in done.problems[0]


def test_a_mailbox_needs_its_password() -> None:
    line = "bounces: {address: b@example.org, imap: {host: h.org, username: b}}\n"
    done = read(line, variables=Variables())
    assert len(done.problems) == 1
    assert done.problems[0].endswith(
        "bounces.imap.username: there is no password for it; "
        "set PAPERROUND_BOUNCES_PASSWORD, or PAPERROUND_BOUNCES_PASSWORD_FILE"
    )


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("", "PAPERROUND_BOUNCES_PASSWORD is set, and there is no mailbox to use it"),
        (
            "bounces: {address: b@example.org, imap: {host: h.org, username: b, tls: starttls, port: 993}}\n",
            "bounces.imap.port: port 993 usually speaks TLS at once; write tls: implicit",
        ),
    ],
)
def test_what_is_likely_not_meant_is_a_warning(line: str, warning: str) -> None:
    done = read(line)
    assert done.problems == []
    assert len(done.warnings) == 1
    assert warning in done.warnings[0]


def test_nobody_reads_papers_at_the_address_to_which_they_come_back() -> None:
    findings = Findings()
    text = b"subscribers: [{email: Bounces@example.org, keywords: [LoRA]}]"
    subscriptions.read(
        Sheet(parse(text, Path("s.yaml")), findings),
        sender=Mailbox(name="", address="papers@example.org"),
        bounces="bounces@example.org",
    )
    (problem,) = findings.problems
    assert "mail comes back to this address" in str(problem)
