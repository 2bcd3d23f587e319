"""The whole way from a form to a digest, over HTTP, SMTP and the store on disk; and the commands about it."""

import asyncio
import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.fakes.front import LETTERS, TUESDAY_NOON, Front

from paperround.admission import Admission
from paperround.app import monitor_of, open_desk
from paperround.cli import main
from paperround.config import load
from paperround.delivery.catcher import Catcher, Caught
from paperround.dkim_signing import Signer
from paperround.languages import Language
from paperround.ports import Asking, Cause, RequestId, Wish
from paperround.rates import Rate
from paperround.settings import DkimSettings
from paperround.store import Store, open_store
from paperround.watching import Watch
from paperround.web import Health
from paperround.website import website

DAY = "2026-06-16"
CONFIG = """\
from: Paper Round <papers@example.org>
public_url: https://papers.example.org
postal_address: 1 Example Street, London
open_subscription: true
store: sqlite:///{folder}/store.db
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
relay: {{host: 127.0.0.1, port: {port}, tls: none, connections: 1}}
web: {{trusted_proxies: [127.0.0.1]}}
"""
PAPER = {"id": "1", "title": "LoRA at work", "url": "https://example.org/1", "published": DAY}
ADDRESS = "ada@example.org"


def configure(folder: Path, port: int, readers: str = "[]") -> None:
    """Write a config in which people may subscribe by themselves."""
    (folder / "paperround.yaml").write_text(CONFIG.format(folder=folder, port=port))
    defaults = "{timezone: Europe/London, deliver_at: '15:00'}"
    (folder / "subscribers.yaml").write_text(f"defaults: {defaults}\nsubscribers: {readers}\n")
    (folder / "papers.jsonl").write_text(json.dumps({**PAPER, "abstract": "LoRA.", "authors": []}))


def link_in(caught: Caught) -> str:
    message = message_from_bytes(caught.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://papers\.example\.org(/\S+)", body.get_content())
    assert found is not None
    return found[1]


def test_a_stranger_asks_confirms_reads_and_leaves(tmp_path: Path) -> None:
    now = datetime(2026, 6, 16, 12, tzinfo=UTC)  # one o'clock in London

    async def go() -> list[Caught]:
        nonlocal now
        async with Catcher(tmp_path / "mail") as catcher:
            configure(tmp_path, catcher.port)
            settings = load(tmp_path, {}, dotenv=tmp_path / "none").settings
            with closing(open_store(settings.store)) as store:
                async with open_desk(settings, store=store, now=lambda: now) as desk:
                    watch = Watch(desk, catch_up=settings.catch_up)
                    app = website(desk, settings, monitor_of(store), watch, health=Health)
                    transport = httpx.ASGITransport(app)
                    async with httpx.AsyncClient(
                        transport=transport, base_url="https://papers.example.org"
                    ) as client:
                        form = {"address": ADDRESS, "keywords": "LoRA"}
                        assert (await client.post("/subscribe", data=form)).status_code == 200
                        assert desk.joining is not None
                        await watch.tick()
                        await desk.joining.look()
                        link = link_in(catcher.received[-1])
                        assert (await client.get(link)).status_code == 200
                        page = await client.post(link, data={"confirm": "yes"})
                        assert "The first one is for Tuesday, 16 June 2026" in page.text
                        await watch.tick()
                        assert len(catcher.received) == 1  # their hour is to come
                        now += timedelta(hours=2)
                        await watch.tick()
                        digest = catcher.received[-1]
                        leave = re.search(rb"/unsubscribe/[a-z0-9-]+", digest.message)
                        assert leave is not None
                        assert (await client.get(link_in(digest))).status_code == 200
                        one_click = {"List-Unsubscribe": "One-Click"}
                        assert (await client.post(leave[0].decode(), data=one_click)).status_code == 200
                        now += timedelta(days=1)
                        await watch.tick()
                        return catcher.received

    confirmation, digest = asyncio.run(go())
    assert (confirmation.recipient, digest.recipient) == (ADDRESS, ADDRESS)
    assert b"Subject: Confirm your subscription to Paper Round" in confirmation.message
    assert b"LoRA" not in confirmation.message
    assert b"LoRA at work" in digest.message


RACER = """\
import sys, time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from paperround.ports import RequestId
from paperround.store import open_store
_, url, gate, *numbers = sys.argv
with closing(open_store(url)) as store:
    print("ready", flush=True)
    while not Path(gate).exists():
        time.sleep(0.001)
    now = datetime(2026, 6, 16, 12, tzinfo=UTC)
    confirm = store.members.confirm
    taken = [confirm(RequestId(int(each)), network=b"", joins=True, now=now) for each in numbers]
print(sum(each is not None for each in taken))
"""


def asked(store: Store, name: str) -> RequestId:
    """Let somebody of this name ask, and return their request."""
    address = f"{name}@example.org"
    asking = Asking(
        address=address,
        wish=Wish(keywords=("LoRA",), language=Language.ENGLISH),
        mark=address.encode(),
        network=address.encode(),
    )
    assert store.requests.enter(asking, rate=Rate(relay="outbox"), now=TUESDAY_NOON) is Admission.MAIL
    claimed = store.requests.claim(rate=Rate(relay="outbox"), now=TUESDAY_NOON)
    assert getattr(claimed, "address", None) == address
    return RequestId(getattr(claimed, "id", 0))


def test_two_processes_confirm_each_request_once(store: Store, url: str, tmp_path: Path) -> None:
    numbers = [asked(store, f"reader{number}") for number in range(40)]
    gate = tmp_path / "gate"
    command = [sys.executable, "-c", RACER, url, str(gate), *map(str, numbers)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    gate.touch()
    confirmed = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert sum(confirmed) == 40
    assert len(store.members.all()) == 40


def test_the_mail_is_signed_where_mails_are() -> None:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    signer = Signer(DkimSettings(selector="s1", domain="example.org", key=private))
    front = Front(letters=replace(LETTERS, signer=signer))
    front.apply()
    (handed,) = front.look()
    assert dkim.verify(handed.message, dnsfunc=lambda *_, **__: record)


@dataclass
class Shell:
    """Runs `paperround subscribers …` on a config."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> tuple[int, str]:
        command = ["paperround", "subscribers", *arguments, "--config", str(self.folder)]
        self.monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capture.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    def join(self, name: str) -> None:
        with closing(open_store(f"sqlite:///{self.folder}/store.db")) as store:
            request = asked(store, name)
            assert store.members.confirm(request, network=b"n", joins=True, now=TUESDAY_NOON)

    def suppress(self, address: str, cause: Cause) -> None:
        with closing(open_store(f"sqlite:///{self.folder}/store.db")) as store:
            (subscriber,) = store.ledger.enrol([address], now=TUESDAY_NOON).values()
            store.ledger.suppress(subscriber, "why", cause=cause, now=TUESDAY_NOON)


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    configure(tmp_path, 1, "[{email: grace@example.org, keywords: [robots]}]")
    yield Shell(tmp_path, capsys, monkeypatch)
    structlog.reset_defaults()  # the command logs to a stream that ends with the test


def test_who_joined_is_listed_with_the_day(shell: Shell) -> None:
    shell.join("ada")
    _, listed = shell("list")
    assert "ada@example.org: subscribed by themselves on 16 June 2026; gets mail from Monday to" in listed
    assert listed.index("grace@example.org") < listed.index("ada@example.org")
    data = shell("list", "--json")[1]
    entries = {each["subscriber"]: each for each in json.loads(data[data.index("[") : data.rindex("]") + 1])}
    assert entries["ada@example.org"]["joined_at"] == "2026-06-16T12:00:00+00:00"
    assert not entries["ada@example.org"]["in_config"]
    assert entries["grace@example.org"]["joined_at"] is None


def test_it_is_said_that_who_is_added_had_joined(shell: Shell) -> None:
    shell.join("ada")
    code, said = shell("add", ADDRESS, "--keyword", "LoRA")
    assert code == 0
    assert "had subscribed by themselves" in said
    assert "by themselves" not in shell("add", "emmy@example.org", "--keyword", "LoRA")[1]


def test_who_joined_is_removed(shell: Shell) -> None:
    shell.join("ada")
    assert shell("remove", "Ada@example.org")[0] == 0
    assert "ada@example.org" not in shell("list")[1]
    code, said = shell("remove", ADDRESS)
    assert code == 2
    assert "no subscriber has this address" in said


def test_who_is_removed_from_the_file_does_not_come_back_as_a_member(shell: Shell) -> None:
    shell.join("grace")
    assert shell("remove", "grace@example.org")[0] == 0
    assert "grace@example.org" not in shell("list")[1]


def test_who_cannot_be_removed_from_the_file_stays_a_member(shell: Shell) -> None:
    readers = "{email: grace@example.org, keywords: &k [robots]}, {email: alan@example.org, keywords: *k}"
    configure(shell.folder, 1, f"[{readers}]")
    shell.join("grace")
    code, said = shell("remove", "grace@example.org")
    assert code != 0, said
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        assert [each.address for each in store.members.all()] == ["grace@example.org"]


def test_whoever_wishes_it_is_forgotten(shell: Shell) -> None:
    shell.join("ada")
    code, said = shell("forget", ADDRESS)
    assert code == 0
    assert "What was stored of ada@example.org is forgotten" in said
    assert ADDRESS not in shell("list")[1]
    code, said = shell("forget", ADDRESS)
    assert code == 2
    assert "nothing is stored of ada@example.org" in said


def test_of_whoever_complained_the_address_is_kept_and_it_is_said(shell: Shell) -> None:
    shell.join("ada")
    shell.suppress(ADDRESS, Cause.COMPLAINED)
    code, said = shell("forget", ADDRESS)
    assert code == 0
    assert "The address itself is kept, and why it gets nothing" in said
    assert "complained" in shell("list", "--json")[1]


def test_whoever_is_in_the_file_is_not_forgotten_behind_its_back(shell: Shell) -> None:
    code, said = shell("forget", "Grace@example.org")
    assert code == 2
    assert "is in subscribers.yaml; take them out of it first" in said
