"""`paperround bounces`, and the service that does the same."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from tests.fakes import comebacks
from tests.fakes.clock import due_to_nobody
from tests.fakes.dovecot import maildir_flags
from tests.fakes.plans import TUESDAY, bring_to

from paperround.cli import main
from paperround.mailboxes.handed import Handed
from paperround.mailboxes.maildir import Maildir
from paperround.messages import return_path
from paperround.ports import Cause, InboxUnusable, Status
from paperround.returns import LARGEST
from paperround.store import open_store

NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
SETTINGS = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
bounces: {{address: bounces@example.org{mailbox}}}
web: {{port: {port}}}
"""
SUBSCRIBERS = """\
subscribers:
  - {email: ada@example.org, keywords: [LoRA]}
  - {email: grace@example.org, keywords: [LoRA]}
"""


@dataclass
class Shell:
    """An installation with a letter to Ada that was sent, and what the last command said."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    port: int
    out: str = ""
    err: str = ""

    def __call__(self, *arguments: str, stdin: bytes = b"") -> int:
        self.monkeypatch.setattr(sys, "argv", ["paperround", *arguments])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self.capture.readouterr()
        return int(ended.value.code or 0)

    def json(self, *arguments: str, stdin: bytes = b"") -> Any:  # noqa: ANN401 - whatever the command answers
        self("bounces", *arguments, "--json", stdin=stdin)
        return json.loads(self.out)

    def configure(self, mailbox: str = "") -> None:
        text = SETTINGS.format(folder=self.folder, mailbox=mailbox, port=self.port)
        (self.folder / "config/paperround.yaml").write_text(text, encoding="utf-8")

    @property
    def maildir(self) -> Path:
        return self.folder / "config/mail"

    def deliver(self, message: bytes, name: str = "1780000001.M1P1.mx") -> None:
        for each in ("new", "cur", "tmp"):
            (self.maildir / each).mkdir(parents=True, exist_ok=True)
        (self.maildir / "new" / name).write_bytes(message)

    def bounce(self, fields: str = comebacks.POSTFIX) -> bytes:
        """Return the bounce of Ada's letter."""
        with closing(open_store(f"sqlite:///{self.folder}/store.db")) as store:
            (row,) = store.ledger.rows(address="ada@example.org")
            path = return_path(row.id, secret=store.ledger.secret(), mailbox="bounces@example.org")
        return comebacks.dsn(fields, to=path, letter=f"Message-ID: {row.message_id}\n\nHello\n")

    def status(self) -> tuple[Status, list[Cause]]:
        """Return how Ada's letter stands, and why people get nothing any more."""
        with closing(open_store(f"sqlite:///{self.folder}/store.db")) as store:
            (row,) = store.ledger.rows(address="ada@example.org")
            return row.status, [each.cause for each in store.ledger.suppressions().values()]


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/papers.jsonl").touch()
    (tmp_path / "config/subscribers.yaml").write_text(due_to_nobody() + SUBSCRIBERS, encoding="utf-8")
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        ada = store.ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]
        bring_to(store.ledger, ada, Status.SENT, day=TUESDAY)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    shell = Shell(tmp_path, capsys, monkeypatch, port)
    shell.configure()
    yield shell
    structlog.reset_defaults()  # the command logs to a stream that ends with the test


HARD = "bounce of delivery 1, ada@example.org: gets nothing any more: mail to it came back on "


def test_a_message_that_is_piped_in_is_dealt_with(shell: Shell) -> None:
    assert shell("bounces", "-", stdin=shell.bounce()) == 0
    assert shell.out.startswith(f"message 1: {HARD}")
    assert shell.status() == (Status.FAILED, [Cause.BOUNCED])


def test_a_message_counts_once_however_often_it_is_piped_in(shell: Shell) -> None:
    message = shell.bounce(comebacks.FULL)
    assert [each["effect"] for each in shell.json("-", stdin=message)] == ["counted"]
    assert [each["effect"] for each in shell.json("-", stdin=message)] == ["repeated"]


def test_scripts_are_told_all_of_it(shell: Shell) -> None:
    (shell.folder / "message.eml").write_bytes(shell.bounce(comebacks.POLICY))
    assert shell.json("message.eml") == [
        {
            "message": "message 1",
            "kind": "bounce",
            "delivery": 1,
            "subscriber": "ada@example.org",
            "effect": "ours",
            "failed": True,
            "reason": "5.7.1 Our system thinks that this is unwanted bulk mail",
        }
    ]
    assert shell.status() == (Status.FAILED, [])


def test_what_is_not_for_us_is_told_of_and_is_no_failure(shell: Shell) -> None:
    hello = b"Subject: hello\n\nHello\n"
    assert shell("bounces", "-", stdin=hello) == 0
    assert shell.out == "message 1: not for us: no token of ours\n"
    assert shell.json("-", stdin=hello) == [
        {
            "message": "message 1",
            "kind": "nothing",
            "delivery": None,
            "subscriber": None,
            "effect": None,
            "failed": False,
            "reason": "no token of ours",
        }
    ]


def test_a_rehearsal_changes_nothing(shell: Shell) -> None:
    shell.configure(", maildir: mail")
    shell.deliver(shell.bounce())
    assert shell("bounces", "--dry-run") == 0
    assert HARD in shell.out
    assert shell.out.endswith("Nothing was changed.\n")
    assert shell.status() == (Status.SENT, [])
    assert maildir_flags(shell.maildir) == {"1780000001.M1P1.mx": ""}


def test_the_mailbox_is_cleared_of_what_was_dealt_with(shell: Shell) -> None:
    shell.configure(", maildir: mail")
    shell.deliver(shell.bounce())
    shell.deliver(b"Subject: hello\n\nHello\n", "1780000002.M1P1.mx")
    assert shell("bounces") == 0
    assert len(shell.out.splitlines()) == 2
    assert shell.status() == (Status.FAILED, [Cause.BOUNCED])
    assert maildir_flags(shell.maildir) == {"1780000002.M1P1.mx": "S"}
    assert shell("bounces") == 0
    assert shell.out == "Nothing came back.\n"


def test_an_mbox_has_several_messages(shell: Shell) -> None:
    separator = b"From MAILER-DAEMON Tue Jun 16 08:00:00 2026\n"
    other = b"Subject: hello\n\nFrom me to you.\n\nFrom nowhere.\n"
    mbox = separator + shell.bounce() + b"\n" + separator + other
    assert [each["kind"] for each in shell.json("-", stdin=mbox)] == ["bounce", "nothing"]


def test_without_a_mailbox_the_command_says_what_to_do(shell: Shell) -> None:
    assert shell("bounces") == 2
    assert "set bounces.maildir or bounces.imap, or name a file" in shell.err


def test_a_mailbox_that_cannot_be_read_is_a_failure(shell: Shell) -> None:
    shell.configure(", maildir: mail")
    shell.maildir.mkdir()
    assert shell("bounces") == 1
    assert "name the Maildir, the folder with new and cur in it, as bounces.maildir" in shell.err
    assert shell("bounces", "nowhere.eml") == 1
    assert "nowhere.eml: No such file" in shell.err


def test_a_maildir_that_is_not_there_yet_is_empty_and_warned_of(shell: Shell) -> None:
    shell.configure(", maildir: mail")
    assert shell("bounces") == 0
    assert shell.out == "Nothing came back.\n"
    assert "bounces.maildir: there is no folder" in shell.err


def test_a_letter_leads_back_to_the_mailbox(shell: Shell) -> None:
    paper = {"id": "test:1", "title": "LoRA", "abstract": "", "authors": [], "url": "https://example.org/"}
    day = datetime.now(UTC).date().isoformat()
    line = json.dumps({**paper, "published": day})
    (shell.folder / "config/papers.jsonl").write_text(line, encoding="utf-8")
    shell("send")
    letters = [path.read_bytes() for path in (shell.folder / "var/outbox").glob("*.eml")]
    assert letters
    assert all(b"<mailto:bounces@example.org?subject=unsubscribe%20" in letter for letter in letters)


def test_what_is_handed_over_is_read_to_a_number_and_a_size() -> None:
    many = Handed(b"From x 08:00\nSubject: 1\n\na\n\n" * 5)
    assert [incoming.message for incoming in many.unseen(2)] == [b"Subject: 1\n\na"] * 2
    (large,) = Handed(b"x" * (LARGEST + 1)).unseen(5)
    assert large.message is None
    assert list(Handed(b"").unseen(5)) == []


def test_hidden_files_of_a_maildir_are_no_messages(shell: Shell) -> None:
    shell.deliver(b"Subject: x\n\n", ".hidden")
    assert list(Maildir(shell.maildir).unseen(5)) == []


def test_a_maildir_that_may_not_be_changed_is_told_of(shell: Shell) -> None:
    shell.deliver(b"Subject: x\n\n")
    inbox = Maildir(shell.maildir)
    incoming = next(inbox.unseen(1))
    (shell.maildir / "cur").rmdir()
    (shell.maildir / "cur").touch()
    with pytest.raises(InboxUnusable, match="it is read again"):
        inbox.keep(incoming)


def test_the_service_reads_the_mailbox_beside_its_rounds(shell: Shell) -> None:
    shell.configure(", maildir: mail")
    shell.deliver(shell.bounce())
    command = [sys.executable, "-m", "paperround", "serve"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")}
    with subprocess.Popen(command, cwd=shell.folder, env=environment, stderr=subprocess.PIPE) as service:
        try:
            deadline = time.monotonic() + 60
            while maildir_flags(shell.maildir) and time.monotonic() < deadline:
                time.sleep(0.05)
            reply = httpx.get(f"http://127.0.0.1:{shell.port}/healthz", trust_env=False)
            ready = httpx.get(f"http://127.0.0.1:{shell.port}/readyz", trust_env=False)
            metrics = httpx.get(f"http://127.0.0.1:{shell.port}/metrics", trust_env=False)
        finally:
            service.send_signal(signal.SIGTERM)
            _, said = service.communicate(timeout=60)
    assert maildir_flags(shell.maildir) == {}
    assert shell.status() == (Status.FAILED, [Cause.BOUNCED])
    assert (reply.status_code, ready.status_code, service.returncode) == (200, 200, 0)
    assert 'paperround_returned{effect="suppressed"} 1.0' in metrics.text
    assert "@" not in metrics.text
    assert b"@example.org" not in said
