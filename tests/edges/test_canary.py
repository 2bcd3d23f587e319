"""Secrets, tokens and addresses as canaries: whole runs, and none is seen where it must not be."""

import asyncio
import base64
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.fakes.authority import Authority
from tests.fakes.clock import due_to_nobody
from tests.fakes.imap_server import ImapServer
from tests.fakes.smtp_server import DROP, Server
from tests.fakes.smtp_sink import free_port

from paperround import logs
from paperround.app import open_desk, utc_now
from paperround.cli import main
from paperround.config import load
from paperround.pipeline import run
from paperround.store import open_store
from paperround.tokens import PREFERENCES, UNSUBSCRIBE, token

DAY = "2026-06-16"
USER, PASSWORD = "canary-of-the-relay", "Canary/of+the relay's password"
MAILBOX_PASSWORD = "Canary/of+the mailbox"  # noqa: S105 - nobody's
METRICS_TOKEN = "Canary/of+the metrics"  # noqa: S105 - nobody's
STORE_PASSWORD = "Canary/of+the store"  # noqa: S105 - nobody's
RSA_KEY, ED25519_KEY = (
    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for key in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
)
SECRETS = {
    "PAPERROUND_RELAY_PASSWORD": PASSWORD,
    "PAPERROUND_BOUNCES_PASSWORD": MAILBOX_PASSWORD,
    "PAPERROUND_DKIM_KEY": RSA_KEY,
    "PAPERROUND_DKIM_ED25519_KEY": ED25519_KEY,
    "PAPERROUND_METRICS_TOKEN": METRICS_TOKEN,
    "PAPERROUND_STORE_PASSWORD": STORE_PASSWORD,
}
READERS = ("ada@example.org", "grace@example.org", "emmy@example.org")
OFFER = "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"
ENCODED = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()

CONFIG = """\
from: Paper Round <papers@example.org>
public_url: https://papers.example.org
store: sqlite:///{folder}/store.db
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
relay: {{host: 127.0.0.1, port: {port}, tls: starttls, username: {user}, connections: 1, ca_file: {ca_file}}}
dkim: {{selector: s1, ed25519_selector: s2, domain: example.org}}
web: {{host: 127.0.0.1, port: {web}}}
"""
MAILBOX = """\
bounces:
  address: bounces@example.org
  imap: {{host: 127.0.0.1, port: {port}, username: bounces, ca_file: {ca_file}}}
"""
PAPER = {
    "id": "test:1",
    "title": "LoRA at work",
    "abstract": "",
    "authors": ["Ann Other"],
    "url": "https://example.org/",
    "published": DAY,
}


def forms(secret: bytes) -> set[bytes]:
    """Return how a secret may look: as it is, in hex, and in base64 wherever it begins."""
    encoded = set()
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret)
        # What stands beside it in the same group of four is not of the secret alone.
        encoded.add(text[4 if before else 0 : -4])
    return {secret, secret.hex().encode(), *encoded}


def credentials() -> set[bytes]:
    """Return what must be seen nowhere: passwords, and the lines of the keys as far as they are secret."""
    lines = [*RSA_KEY.splitlines()[8:-2], ED25519_KEY.splitlines()[1][24:]]
    return {
        form
        for secret in (PASSWORD, MAILBOX_PASSWORD, METRICS_TOKEN, STORE_PASSWORD, *lines)
        for form in forms(secret.encode())
    }


CREDENTIALS = credentials()


def seen(text: bytes | str, canaries: Iterable[bytes] = CREDENTIALS) -> list[bytes]:
    """Return the canaries that are in a text."""
    whole = text.encode() if isinstance(text, str) else text
    return [canary for canary in canaries if canary in whole]


@dataclass
class Installation:
    """A folder with a config, and the commands run on it; `said` is all that they wrote."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    authority: Authority
    web: int = 1
    said: str = ""

    def at(self, port: int) -> None:
        """Write the config, with the relay at this port."""
        config = CONFIG.format(
            folder=self.folder, port=port, user=USER, ca_file=self.authority.ca_file, web=self.web
        )
        readers = "".join(f"  - {{email: {each}, keywords: [LoRA]}}\n" for each in READERS)
        (self.folder / "paperround.yaml").write_text(config, encoding="utf-8")
        subscribers = f"{due_to_nobody()}subscribers:\n{readers}"
        (self.folder / "subscribers.yaml").write_text(subscribers, encoding="utf-8")
        (self.folder / "papers.jsonl").write_text(json.dumps(PAPER), encoding="utf-8")

    def has_mailbox(self, port: int) -> None:
        """Add to the config where mail comes back."""
        with (self.folder / "paperround.yaml").open("a", encoding="utf-8") as file:
            file.write(MAILBOX.format(port=port, ca_file=self.authority.ca_file))

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Run a command, and return how it ended and what it wrote to standard error."""
        whole = ["paperround", "--verbose", *arguments, "--config", str(self.folder)]
        self.monkeypatch.setattr(sys, "argv", whole)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        self.said += out + err
        return int(ended.value.code or 0), err

    def round(self, *, now: Callable[[], datetime] = utc_now) -> str:
        """Do the round of the day without patience, and return what is logged."""

        async def go() -> None:
            async with open_desk(load(self.folder, os.environ).settings, now=now) as desk:
                await run(date.fromisoformat(DAY), desk.subscribers, desk, max_age=timedelta(0))

        logs.configure(logging.INFO)
        asyncio.run(go())
        return self.capture.readouterr().err

    def tokens(self) -> set[bytes]:
        """Return what opens the readers' pages, and what that is made with."""
        with closing(open_store(f"sqlite:///{self.folder}/store.db")) as store:
            secret = store.ledger.secret()
            ids = store.ledger.enrol(READERS, now=utc_now()).values()
        made = {token(secret, purpose, each) for purpose in (UNSUBSCRIBE, PREFERENCES) for each in ids}
        return {each.encode() for each in made} | forms(secret)

    def stored(self) -> bytes:
        """Return all that lies in the files beside the config."""
        return b"".join(file.read_bytes() for file in self.folder.rglob("store*") if file.is_file())


@pytest.fixture
def paperround(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    authority: Authority,
) -> Iterator[Installation]:
    monkeypatch.chdir(tmp_path)
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    yield Installation(tmp_path, capsys, monkeypatch, authority)
    structlog.reset_defaults()  # a command logs to a stream that ends with the test


T = TypeVar("T")


@contextmanager
def beside(manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Keep something open in a thread of its own, for the commands have their loop in this one."""
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    opened: Future[T] = Future()

    async def keep() -> None:
        async with manager as value:
            opened.set_result(value)
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[keep()])
    thread.start()
    try:
        yield opened.result(10)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def relay(script: dict[str, str], authority: Authority) -> AbstractContextManager[Server]:
    return beside(Server({"EHLO": OFFER} | script, tls=authority.context))


# What is said and stored.


def test_a_day_that_goes_well_tells_no_secret(paperround: Installation) -> None:
    with relay({}, paperround.authority) as server:
        paperround.at(server.port)
        assert paperround("send", "--date", DAY)[0] == 0
    for command in (["check"], ["check", "--json"], ["log", "--json"], ["why", READERS[0]]):
        assert paperround(*command)[0] == 0
    tokens = paperround.tokens()
    assert seen("\n".join(server.heard))  # the password was in use,
    assert server.bodies[0].startswith(b"M-Signature: ")  # the key as well,
    assert len(seen(server.bodies[0], tokens)) == len((UNSUBSCRIBE, PREFERENCES))  # and a reader's own tokens
    assert seen(paperround.said) == seen(paperround.said, tokens) == []
    assert seen(paperround.stored()) == []
    assert logs.private(f"{PASSWORD} {RSA_KEY.splitlines()[9]}") == "[secret] [secret]"  # as of any line


@pytest.mark.parametrize(
    "script",
    [
        {"AUTH": "535 5.7.8 wrong password"},
        {"AUTH": f"535 5.7.8 {USER} may not come in with {PASSWORD}"},
        {"AUTH": f"535 5.7.8 AUTH PLAIN {ENCODED}"},
        {"AUTH": DROP},
        {"EHLO": "250-test\r\n250 AUTH PLAIN"},
        {"STARTTLS": DROP},
        {"MAIL": f"553 5.7.1 {PASSWORD} is no sender"},
        {"RCPT": f"451 4.7.1 {PASSWORD} is greylisted"},
        {"DOT": f"554 5.7.1 {ENCODED} is spam"},
    ],
    ids=str,
)
def test_a_relay_that_fails_makes_us_tell_no_secret(script: dict[str, str], paperround: Installation) -> None:
    with relay(script, paperround.authority) as server:
        paperround.at(server.port)
        assert paperround("send", "--date", DAY)[0] == 1
    assert paperround("log", "--json")[0] == 0
    assert server.bodies == []
    assert seen(paperround.said) == seen(paperround.stored()) == []


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"AUTHENTICATE": f"NO {MAILBOX_PASSWORD} is not the password"},
        {"AUTHENTICATE": DROP},
        {"SELECT": f"NO {MAILBOX_PASSWORD} is no folder"},
        {"SEARCH": f"BAD {MAILBOX_PASSWORD} is no command"},
    ],
    ids=str,
)
def test_a_mailbox_makes_us_tell_no_secret(faults: dict[str, str], paperround: Installation) -> None:
    with ImapServer(paperround.authority.context, faults=dict(faults)) as server:
        paperround.at(1)
        paperround.has_mailbox(server.port)
        assert paperround("bounces")[0] == (1 if faults else 0)
    assert paperround("check", "--json")[0] == 0
    assert seen("\n".join(server.heard)) or "AUTHENTICATE" in faults  # the password was in use
    assert seen(paperround.said) == seen(paperround.stored()) == []


def test_a_traceback_tells_no_secret(paperround: Installation) -> None:
    with relay({}, paperround.authority) as server:
        paperround.at(server.port)

        def now() -> datetime:
            if server.verbs()["DATA"]:
                raise RuntimeError("the clock has stopped")
            return utc_now()

        with pytest.raises(RuntimeError) as crashed:
            paperround.round(now=now)
    told = "".join(traceback.format_exception(crashed.value))
    shown = traceback.TracebackException.from_exception(crashed.value, capture_locals=True)
    assert "conversation.py" in told  # it happened after we had logged in
    assert seen(told, paperround.tokens()) == seen("".join(shown.format())) == []


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("relay: {host: a.example.org, username: papers, password: CANARY}", {}),
        ("relay: {host: 'smtp://papers:CANARY@a.example.org'}", {}),
        ("relay: smtp://papers:CANARY@a.example.org", {}),
        ("relay: {host: a.example.org, username: papers, password: 'CANARY", {}),
        ("dkim: {selector: s1, domain: example.org, key: CANARY}", {}),
        ("web: {metrics_token: CANARY}", {}),
        ("bounces: {address: bounces@example.org, imap: {host: a.example.org, password: CANARY}}", {}),
        ("dkim: {selector: s1, domain: example.org}", {"PAPERROUND_DKIM_KEY": "CANARY"}),
        ("dkim: {ed25519_selector: s2, domain: example.org}", {"PAPERROUND_DKIM_ED25519_KEY": "CANARY"}),
        ("store: postgresql://papers:CANARY@db.example.org/papers", {}),
        ("public_url: https://papers:CANARY@papers.example.org", {}),
        ("relay: {host: a.example.org, username: papers}", {"PAPERROUND_RELAY_PASSWORT": "CANARY"}),
        ("relay: {host: a.example.org, username: papers}", {"PAPERROUND_RELAY_PASSWORD_FILE": "CANARY"}),
        ("", {"PAPERROUND_STORE": "postgresql://papers:CANARY@db.example.org/papers"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_in_the_wrong_place_is_not_repeated(
    line: str, mistake: dict[str, str], form: str, paperround: Installation
) -> None:
    for name in SECRETS:
        paperround.monkeypatch.delenv(name)
    for name, secret in mistake.items():
        paperround.monkeypatch.setenv(name, secret)
    paperround.at(1)
    kept = [kind for kind in ("from", "sources") if not line.startswith(kind)]
    config = [each for each in CONFIG.splitlines() if each.partition(":")[0] in kept]
    sources = config.pop().format()
    (paperround.folder / "paperround.yaml").write_text("\n".join([*config, sources, line]), encoding="utf-8")
    assert paperround("check", "--format", form)[0] in (1, 2)
    assert "CANARY" not in paperround.said


# What crosses the wire before it is protected.


class Tap:
    """A way to a server on which somebody reads what the client says, and may strip STARTTLS."""

    def __init__(self, port: int, *, strips: bool) -> None:
        self._beyond, self._strips = port, strips
        self.read = bytearray()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._beyond)
        with suppress(ConnectionError):
            await asyncio.gather(self._up(reader, forth), self._down(back, writer))
        forth.transport.abort()
        writer.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        while said := await reader.read(4096):
            self.read += said
            forth.write(said)
        forth.write_eof()

    async def _down(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while told := await back.read(4096):
            writer.write(told.replace(b"250-STARTTLS\r\n", b"") if self._strips else told)
        writer.write_eof()


@pytest.mark.parametrize("strips", [False, True])
def test_nothing_but_a_greeting_crosses_in_clear(strips: bool, paperround: Installation) -> None:  # noqa: FBT001 - an example's input
    with relay({}, paperround.authority) as server, beside(Tap(server.port, strips=strips)) as tap:
        paperround.at(tap.port)
        code, _ = paperround("send", "--date", DAY)
    assert len(server.bodies) == (0 if strips else len(READERS))
    assert code == (1 if strips else 0)
    clear = bytes(tap.read).partition(b"\x16\x03")[0]  # TLS begins with its first record
    said = [line.split()[0] for line in clear.splitlines()]
    assert said == ([b"EHLO"] if strips else [b"EHLO", b"STARTTLS"])
    assert seen(bytes(tap.read)) == []


# Addresses and tokens.


@pytest.mark.parametrize(
    "script",
    [
        {},
        {"RCPT": f"554 5.7.1 <{READERS[0]}>: Relay access denied"},
        {"RCPT": f"550 5.1.1 <{READERS[0]}>: unknown"},
        {"RCPT": f"421 4.7.28 <{READERS[0]}>: too fast"},
        {"DOT": f"554 5.7.1 <{READERS[0]}>: spam"},
        {"MAIL": f"550 5.7.1 <{READERS[0]}>: not through here"},
    ],
    ids=str,
)
def test_no_log_names_a_reader(script: dict[str, str], paperround: Installation) -> None:
    with relay(script, paperround.authority) as server:
        paperround.at(server.port)
        logged = paperround.round()
    assert ("delivery.settled" if script else "deliveries.sent") in logged
    assert seen(logged, (each.encode() for each in READERS)) == []


def test_the_service_tells_neither_readers_nor_what_opens_their_pages(paperround: Installation) -> None:
    denied = {"RCPT": f"554 5.7.1 <{READERS[0]}>: Relay access denied"}
    paperround.at(asyncio.run(free_port()))
    assert paperround("send", "--date", DAY)[0] == 1  # nothing listens: the letters are planned
    paperround.web = asyncio.run(free_port())
    command = [sys.executable, "-m", "paperround", "serve", "--config", str(paperround.folder)]
    with relay(denied, paperround.authority) as server:
        paperround.at(server.port)
        service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            health = troubled(paperround.web, "Relay access denied")
            answers = ask_for_pages(paperround)
        finally:
            service.send_signal(signal.SIGTERM)
            said, _ = service.communicate(timeout=30)
    assert "Relay access denied" in health
    assert answers == [200, 200, 404, 400]
    assert b"subscriber.unsubscribed" in said
    for told in (health.encode(), said):
        assert seen(told) == seen(told, paperround.tokens()) == []
        assert seen(told, (each.encode() for each in READERS)) == []


def troubled(port: int, words: str) -> str:
    """Return what /healthz says once it says these words, or after half a minute."""
    transport = httpx.HTTPTransport(retries=10)  # until the service listens
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport) as client:
        for _ in range(300):
            if words in (reply := client.get("/healthz")).text:
                break
            time.sleep(0.1)
    return reply.text


def ask_for_pages(paperround: Installation) -> list[int]:
    """Open the page of a reader who leaves, let them leave, and ask for what is not there, or is no form."""
    own = sorted(each.decode() for each in paperround.tokens() if each.startswith(b"1-"))
    with httpx.Client(base_url=f"http://127.0.0.1:{paperround.web}") as client:
        pages = [each for each in own if client.get(f"/unsubscribe/{each}").is_success]
        leave = f"/unsubscribe/{pages[0]}"
        one_click = {"List-Unsubscribe": "One-Click"}
        return [
            client.get(leave).status_code,
            client.post(leave, data=one_click).status_code,
            client.post(f"{leave}x", data=one_click).status_code,
            client.post(leave, content=b"?").status_code,
        ]
