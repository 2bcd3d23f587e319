"""A whole Postfix as the relay: what it does with our letters, and what the ledger makes of that."""

import asyncio
import base64
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.fakes.clock import Clock
from tests.fakes.plans import TUESDAY, digest, pick
from tests.fakes.postfix import Postfix, postfix
from tests.fakes.smtp_sink import free_port, smtp_sink

from paperround.app import open_desk, utc_now
from paperround.config import load
from paperround.desk import Desk
from paperround.ports import Cause, DeliveryRecord, Plan, Status
from paperround.posting import post

pytestmark = pytest.mark.needs("postfix", "smtp-sink")

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
RECORD = b"v=DKIM1; k=rsa; p=" + base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)
SECRETS = {"PAPERROUND_DKIM_KEY": PEM}

CONFIG = """\
from: Paper Round <papers@papers.test>
public_url: https://papers.test
store: sqlite:///{folder}/store.db
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
relay: {{host: 127.0.0.1, port: {port}, tls: none, connections: 1}}
dkim: {{selector: s1, domain: papers.test}}
bounces: {{address: bounces@papers.test, maildir: {maildir}}}
"""
MAILBOXES = {f"{name}@readers.test": name for name in ("ada", "grey", "full", "busy")} | {
    "bounces@papers.test": "bounces"
}
# What a policy service says of a recipient: to each attempt, or to the first alone.
ALWAYS = {"full@readers.test": "452 4.2.2 Mailbox full"}
AT_FIRST = {
    "grey@readers.test": "451 4.7.1 Greylisted",
    "busy@readers.test": "421 4.7.28 Unusual rate of mail",
}
# In the order in which they are taken: the last of them makes the relay pause.
READERS = (
    "ada@readers.test",
    "nobody@readers.test",
    "grey@readers.test",
    "full@readers.test",
    "gone@bounce.test",
    "later@soft.test",
    "busy@readers.test",
)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What came of a day: letters and rows by reader, after each run; mailboxes; and what `bounces` said."""

    planned: dict[str, bytes]
    return_paths: dict[str, str]
    first: dict[str, DeliveryRecord]
    later: dict[str, DeliveryRecord]
    at_last: dict[str, DeliveryRecord]
    suppressed: dict[str, Cause]
    arrived: dict[str, list[bytes]]
    told: list[dict[str, object]]
    left: list[bytes]


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Mail:
    return asyncio.run(_delivered(tmp_path_factory.mktemp("installation")))


async def _delivered(folder: Path) -> Mail:
    clock = Clock(utc_now())
    async with relay() as server:
        write_config(folder, server)
        async with open_desk(load(folder, SECRETS).settings, now=clock) as desk:
            planned = _planned(desk)
            await post(desk)
            first = _rows(desk)
            clock.time += timedelta(minutes=2)
            await post(desk)
            later = _rows(desk)
            arrived = {name: await server.mailed(name) for name in ("ada", "grey", "busy")}
            arrived["full"] = server.mailbox("full")
            arrived["bounces"] = await server.mailed("bounces", 2)
            told = await _bounces(folder)
            ids = desk.ledger.enrol(READERS, now=clock())
            suppressions = desk.ledger.suppressions()
            return Mail(
                planned=planned,
                return_paths={each: desk.letters.return_path(row.id) for each, row in first.items()},
                first=first,
                later=later,
                at_last=_rows(desk),
                suppressed={
                    each: suppressions[ids[each]].cause for each in READERS if ids[each] in suppressions
                },
                arrived=arrived,
                told=told,
                left=server.mailbox("bounces"),
            )


def write_config(folder: Path, server: Postfix) -> None:
    maildir = server.folder / "mail" / "bounces"
    config = CONFIG.format(folder=folder, port=server.port, maildir=maildir)
    readers = "".join(f"  - {{email: {each}, keywords: [LoRA]}}\n" for each in READERS)
    (folder / "paperround.yaml").write_text(config, encoding="utf-8")
    (folder / "subscribers.yaml").write_text(f"subscribers:\n{readers}", encoding="utf-8")
    (folder / "papers.jsonl").touch()


async def _bounces(folder: Path) -> list[dict[str, object]]:
    """Return what `paperround bounces` says of its mailbox."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "paperround", "bounces", "--json", "--config", str(folder)),
        env=os.environ | SECRETS,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return list(json.loads(out))


@contextlib.asynccontextmanager
async def relay() -> AsyncIterator[Postfix]:
    """Start Postfix, its policy service, and two hosts to which it hands mail on and which refuse it."""
    async with (
        smtp_sink("-f", "RCPT", "-B", "550 5.1.1 no such user") as bouncing,
        smtp_sink("-r", "RCPT", "-b", "450 4.2.0 not now") as deferring,
        await asyncio.start_server(Policy(), "127.0.0.1", 0) as service,
        postfix(
            port=await free_port(),
            policy=service.sockets[0].getsockname()[1],
            mailboxes=MAILBOXES,
            hosts={"bounce.test": bouncing.port, "soft.test": deferring.port},
        ) as server,
    ):
        yield server


class Policy:
    """What Postfix asks about each recipient, as a greylist is asked."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError, ConnectionError):
            while question := (await reader.readuntil(b"\n\n")).decode():
                asked = dict(line.split("=", 1) for line in question.split("\n") if line)
                writer.write(f"action={self._answer(asked['recipient'])}\n\n".encode())
        writer.close()

    def _answer(self, recipient: str) -> str:
        first, known = AT_FIRST.get(recipient), recipient in self._asked
        self._asked.add(recipient)
        return first if first and not known else ALWAYS.get(recipient, "DUNNO")


def _planned(at: Desk) -> dict[str, bytes]:
    """Enter a letter for every reader, and return their bytes."""
    ids = at.ledger.enrol(READERS, now=at.now())
    letters = {}
    for subscriber in at.subscribers:
        chosen = replace(digest(TUESDAY, picks=(pick("2606.00001"),)), subscriber=subscriber)
        own = ids[subscriber.address]
        letter = at.letters.write(chosen, own, now=at.now())
        plan = Plan(
            subscriber=own,
            day=TUESDAY,
            status=Status.PLANNED,
            digest=letter.digest,
            message_id=letter.message_id,
            message=letter.message,
        )
        at.ledger.plan([plan], now=at.now())
        letters[subscriber.address] = letter.message
    return letters


def _rows(at: Desk) -> dict[str, DeliveryRecord]:
    return {row.subscriber: row for row in at.ledger.rows()}


def test_each_answer_of_the_relay_ends_in_its_state(mail: Mail) -> None:
    states = {address: (row.status, *row.reply.split()[:2]) for address, row in mail.first.items()}
    assert states == {
        "ada@readers.test": (Status.SENT, "250", "2.0.0"),
        "nobody@readers.test": (Status.FAILED, "550", "5.1.1"),
        "grey@readers.test": (Status.DEFERRED, "451", "4.7.1"),
        "full@readers.test": (Status.DEFERRED, "452", "4.2.2"),
        "gone@bounce.test": (Status.SENT, "250", "2.0.0"),
        "later@soft.test": (Status.SENT, "250", "2.0.0"),
        "busy@readers.test": (Status.DEFERRED, "421", "4.7.28"),
    }


def test_what_was_put_off_goes_out_when_its_wait_is_over(mail: Mail) -> None:
    states = {address: (row.status, row.attempts) for address, row in mail.later.items()}
    assert states["grey@readers.test"] == states["busy@readers.test"] == (Status.SENT, 2)
    assert states["full@readers.test"] == (Status.DEFERRED, 2)
    assert [len(mail.arrived[name]) for name in ("ada", "grey", "busy", "full")] == [1, 1, 1, 0]


@pytest.mark.parametrize("name", ["ada", "grey", "busy"])
def test_what_arrives_is_what_was_planned_below_the_traces_of_its_way(mail: Mail, name: str) -> None:
    (arrived,) = mail.arrived[name]
    planned = mail.planned[f"{name}@readers.test"].replace(b"\r\n", b"\n")
    traces = arrived.removesuffix(planned)
    assert traces + planned == arrived
    added = [line.partition(b":")[0] for line in traces.splitlines() if not line[:1].isspace()]
    assert added == [b"Return-Path", b"X-Original-To", b"Delivered-To", b"Received"]
    assert traces.startswith(f"Return-Path: <{mail.return_paths[f'{name}@readers.test']}>\n".encode())


@pytest.mark.parametrize("name", ["ada", "grey", "busy"])
def test_the_signature_of_what_arrives_is_valid(mail: Mail, name: str) -> None:
    (arrived,) = mail.arrived[name]
    records = {b"s1._domainkey.papers.test.": RECORD}
    message = arrived.replace(b"\n", b"\r\n")
    assert dkim.verify(message, dnsfunc=lambda name, timeout=5: records.get(name))  # noqa: ARG005 - its form


def test_what_the_next_host_refuses_comes_back_to_where_that_letter_came_from(mail: Mail) -> None:
    reported = {}
    for bounce in mail.arrived["bounces"]:
        parsed = message_from_bytes(bounce, policy=policy.default)
        assert parsed.get_content_type() == "multipart/report"
        assert parsed["Return-Path"] == "<>"
        facts = next(part for part in parsed.walk() if part["Final-Recipient"])
        reported[parsed["To"]] = (facts["Final-Recipient"], facts["Action"], facts["Status"])
    assert reported == {
        mail.return_paths["gone@bounce.test"]: ("rfc822; gone@bounce.test", "failed", "5.1.1"),
        mail.return_paths["later@soft.test"]: ("rfc822; later@soft.test", "failed", "4.2.0"),
    }


def test_who_is_gone_is_written_to_no_more_and_their_papers_are_free(mail: Mail) -> None:
    told = {each["subscriber"]: (each["kind"], each["effect"], each["failed"]) for each in mail.told}
    assert told == {
        "gone@bounce.test": ("bounce", "suppressed", True),
        "later@soft.test": ("bounce", "counted", True),
    }
    assert mail.left == []
    assert mail.suppressed == {"nobody@readers.test": Cause.BOUNCED, "gone@bounce.test": Cause.BOUNCED}
    for address in ("gone@bounce.test", "later@soft.test"):
        assert mail.later[address].status is Status.SENT
        assert mail.at_last[address].status is Status.FAILED
        assert mail.at_last[address].reason == "came back"
