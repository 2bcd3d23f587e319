"""Whole letters as they are signed and as they arrive, and what others' verifiers say of them."""

import asyncio
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from tests.fakes.digests import full
from tests.fakes.ledger import MemoryLedger
from tests.fakes.smtp_sink import smtp_sink

from paperround.app import letters
from paperround.config.header_names import own_header
from paperround.config.problems import Wrong
from paperround.delivery.catcher import Catcher
from paperround.delivery.smtp import SmtpRelay
from paperround.letters import Letters
from paperround.papers import PaperId
from paperround.ports import SubscriberId
from paperround.settings import DkimKey, DkimSettings, Mailbox, RelaySettings, Settings, Tls

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "dkim.md"
ADA = SubscriberId(7)
IDEMPOTENCY = "Idempotency-Key"

TITLES = (
    "A title",
    "A title that is so long that the subject has to be folded, and folded again, before it can travel",
    "Schrödinger-Brücken: 扩散模型 für die Planung mit Größenordnungen, näher betrachtet",
    r"Learning $\mathcal{O}(\sqrt{n})$ bounds for $\ell_1$ \emph{and} $\beta$-VAEs: 50\% fewer samples",
)

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands of the guide were run: both keys, and the records of the DNS."""
    folder = tmp_path_factory.mktemp("keys")
    making, publishing = commands()[:2]
    printed = [run(folder, each) for each in (making, publishing)]
    assert printed[-1] == (folder / "records").read_text()
    return folder


def commands() -> Sequence[str]:
    """The commands of each block of the guide."""
    blocks = re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return [re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in blocks]


def run(folder: Path, script: str) -> str:
    done = subprocess.run(["bash", "-euc", script], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def office(keys: Path, *, signed_with: str = "both", idempotency: str | None = IDEMPOTENCY) -> Letters:
    """How an installation writes that signs with the key s1 (RSA), e1 (Ed25519), or both."""
    rsa, ed25519 = ((keys / name).read_text() for name in ("dkim.pem", "dkim-ed25519.pem"))
    by_one = DkimSettings(
        selector=signed_with, domain="example.org", key=ed25519 if signed_with == "e1" else rsa
    )
    beside = DkimKey(selector="e1", key=ed25519)
    by_both = DkimSettings(selector="s1", domain="example.org", key=rsa, ed25519=beside)
    settings = Settings(
        sender=Mailbox(name="Zeitschrift für Prüfung", address="papers@example.org"),
        sources=(),
        subscribers=(),
        store="sqlite:///unused.db",
        outbox=Path("unused"),
        relay=RelaySettings(host="127.0.0.1", port=25, tls=Tls.NONE, idempotency_header=idempotency),
        dkim=by_both if signed_with == "both" else by_one,
        public_url="https://papers.example.org",
        postal_address="1 Example Street, London",
    )
    return letters(settings, MemoryLedger())


def letter(office: Letters, title: str = TITLES[0]) -> bytes:
    """A letter whose first paper has that title, and whose lines hold dots at their beginning."""
    digest = full()
    first = replace(
        digest.picks[0].paper,
        id=PaperId("arxiv:2606.99999"),
        title=title,
        authors=("Zoë Müller-Łukasiewicz", "王小明", "Ada Example"),
        organization="." * 200,
    )
    picks = (replace(digest.picks[0], paper=first), *digest.picks[1:])
    message = office.write(replace(digest, picks=picks), ADA, now=datetime.now(UTC)).message
    assert b"\r\n." in message
    return message


def by_dkimpy(keys: Path, message: bytes) -> list[bool]:
    """What dkimpy says of each signature, from the top."""
    records = dict(line.split(" ", 1) for line in (keys / "records").read_text().splitlines())

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - its form
        return records[name.decode().removesuffix(".")].encode()

    def verdict(at: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(idx=at, dnsfunc=look_up))
        except dkim.DKIMException:
            return False

    return [verdict(at) for at in range(message.count(b"DKIM-Signature: "))]


def by_opendkim(keys: Path, tmp_path: Path, message: bytes) -> list[bool]:
    """What opendkim says of each signature, as the guide has it asked."""
    outbox = tmp_path / "var" / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    (outbox / "a mail.eml").write_bytes(message)
    (tmp_path / "records").write_text((keys / "records").read_text())
    said = run(tmp_path, commands()[2])
    verdicts = re.findall(r"^dkim=(\w+) .*header\.a=(?:rsa|ed25519)-sha256", said, re.MULTILINE)
    assert set(verdicts) <= {"pass", "fail"}, said
    return [verdict == "pass" for verdict in verdicts]


@pytest.mark.needs("opendkim")
@pytest.mark.parametrize("title", TITLES)
def test_both_verifiers_accept_both_signatures_of_a_whole_letter(
    keys: Path, tmp_path: Path, title: str
) -> None:
    message = letter(office(keys), title)
    assert by_dkimpy(keys, message) == [True, True]
    assert by_opendkim(keys, tmp_path, message) == [True, True]


@pytest.mark.needs("opendkim")
@pytest.mark.parametrize("selector", ["s1", "e1"])
def test_both_verifiers_accept_a_letter_that_either_key_signed_alone(
    keys: Path, tmp_path: Path, selector: str
) -> None:
    message = letter(office(keys, signed_with=selector))
    assert by_dkimpy(keys, message) == by_opendkim(keys, tmp_path, message) == [True]


@pytest.mark.needs("opendkim")
@pytest.mark.parametrize(
    "part",
    [
        rb"\r\nFrom: =\?utf-8\?q\?(Z)eit",
        rb"\r\nTo: (a)da@",
        rb"\r\nSubject: .*?([a-z])",
        rb"\r\nMessage-ID: .*?([0-9])",
        rb"\r\nList-Unsubscribe: .*?/unsubscribe/(.)",
        rb"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-(C)lick",
        rb"\r\n\r\n.*?text/(p)lain",
        rb".*([a-z])",  # the last letter there is
    ],
)
def test_both_verifiers_refuse_both_signatures_after_any_change(
    keys: Path, tmp_path: Path, part: bytes
) -> None:
    message = letter(office(keys))
    found = re.compile(part, re.DOTALL).search(message)
    assert found is not None
    changed = message[: found.start(1)] + b"x" + message[found.end(1) :]
    assert changed != message
    assert by_dkimpy(keys, changed) == by_opendkim(keys, tmp_path, changed) == [False, False]


@pytest.mark.needs("opendkim")
def test_what_a_catcher_received_is_byte_for_byte_what_was_signed(keys: Path, tmp_path: Path) -> None:
    message = letter(office(keys), TITLES[-1])

    async def received() -> bytes:
        async with Catcher(tmp_path / "caught") as catcher:
            await sent(message, catcher.port)
            (caught,) = catcher.received
            return caught.message

    arrived = asyncio.run(received())
    assert arrived == message
    assert by_dkimpy(keys, arrived) == by_opendkim(keys, tmp_path, arrived) == [True, True]


@pytest.mark.needs("opendkim", "smtp-sink")
def test_what_smtp_sink_received_still_verifies(keys: Path, tmp_path: Path) -> None:
    message = letter(office(keys), TITLES[-1])
    asyncio.run(into_smtp_sink(message, tmp_path / "dump."))
    (dump,) = tmp_path.glob("dump.*")
    # It writes fields of its own before those of the letter, and ends lines as files do.
    arrived = dump.read_bytes().replace(b"\n", b"\r\n")
    assert message in arrived
    assert by_dkimpy(keys, arrived) == by_opendkim(keys, tmp_path, arrived) == [True, True]


async def sent(message: bytes, port: int) -> None:
    async def begin_data() -> None:
        pass

    relay = SmtpRelay(RelaySettings(host="127.0.0.1", port=port, tls=Tls.NONE))
    await relay.send(
        sender="papers@example.org", recipient="ada@example.org", message=message, begin_data=begin_data
    )
    await relay.close()


async def into_smtp_sink(message: bytes, dump: Path) -> None:
    # Whoever receives must be able to write here: as root it is asked who that is.
    user = ["-u", "root"] if os.geteuid() == 0 else []
    async with smtp_sink(*user, "-d", str(dump)) as settings:
        await sent(message, settings.port)


def test_what_is_not_signed_is_what_a_relay_may_change(keys: Path) -> None:
    message = letter(office(keys))
    head = re.sub(rb"\r\n[ \t]+", b"", message.partition(b"\r\n\r\n")[0]).decode()
    present = [line.partition(":")[0].lower() for line in head.split("\r\n")]
    for line in head.split("\r\n")[:2]:
        covered = re.search(r"\bh=([^;]*);", line)
        assert covered is not None
        assert set(present) - set(covered[1].split(":")) == {
            "dkim-signature",
            "precedence",
            "x-auto-response-suppress",
            IDEMPOTENCY.lower(),
        }


def test_no_field_of_a_letter_can_be_named_as_the_idempotency_header(keys: Path) -> None:
    head = letter(office(keys, idempotency=None)).partition(b"\r\n\r\n")[0].decode()
    names = re.findall(r"^([\w-]+):", head, re.MULTILINE)
    assert {"DKIM-Signature", "From", "Precedence"} <= set(names)
    for name in names:
        with pytest.raises(Wrong, match="a field that mail uses"):
            own_header(name)


def test_a_relay_may_take_the_idempotency_header_out(keys: Path) -> None:
    message = letter(office(keys))
    taken_out, count = re.subn(rb"Idempotency-Key: [0-9a-f]{32}\r\n", b"", message)
    assert count == 1
    assert by_dkimpy(keys, taken_out) == [True, True]


def test_without_the_setting_there_is_no_idempotency_header(keys: Path) -> None:
    assert b"Idempotency-Key" not in letter(office(keys, idempotency=None))
