import asyncio
import smtplib
from pathlib import Path

import pytest

from paperround.delivery.catcher import Catcher
from paperround.delivery.outbox import filename

MESSAGE = b"Message-ID: <2026-06-16.7@example.org>\r\n\r\n.\r\n..\r\nHello.\r\n"


def deliver(port: int, message: bytes = MESSAGE, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        client.sendmail("papers@example.org", recipients or ["ada@example.org"], message)


def test_what_is_sent_is_kept_with_its_envelope_and_in_a_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Catcher(tmp_path / "caught") as catcher:
            await asyncio.to_thread(deliver, catcher.port)
            [caught] = catcher.received
            assert (caught.sender, caught.recipient) == ("papers@example.org", "ada@example.org")
            assert caught.message == MESSAGE
            assert caught.path == tmp_path / "caught" / filename("ada@example.org", MESSAGE)
            assert caught.path.read_bytes() == MESSAGE

    asyncio.run(scenario())


def test_every_recipient_has_their_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Catcher(tmp_path) as catcher:
            await asyncio.to_thread(deliver, catcher.port, MESSAGE, "ada@example.org", "grace@example.org")
            ada, grace = catcher.received
            assert (ada.recipient, grace.recipient) == ("ada@example.org", "grace@example.org")
            assert ada.path != grace.path

    asyncio.run(scenario())


def test_it_listens_on_this_machine_only_and_two_do_not_meet(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Catcher(tmp_path) as one, Catcher(tmp_path) as other:
            assert one.host == "127.0.0.1"
            assert one.port != other.port

    asyncio.run(scenario())


def test_it_ends_though_a_client_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Catcher(tmp_path) as catcher:
            reader, writer = await asyncio.open_connection(catcher.host, catcher.port)
            assert (await reader.readline()).startswith(b"220 ")
        assert await reader.read() == b""
        writer.close()

    asyncio.run(scenario())


def test_what_cannot_be_kept_is_refused_for_now(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "a file").touch()
        async with Catcher(tmp_path / "a file") as catcher:
            with pytest.raises(smtplib.SMTPDataError, match=r"452, b'4\.3\.1 "):
                await asyncio.to_thread(deliver, catcher.port)
            assert catcher.received == []

    asyncio.run(scenario())


def test_outside_of_its_block_there_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = Catcher(tmp_path).port


def test_it_can_be_entered_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        catcher = Catcher(tmp_path)
        for _ in range(2):
            async with catcher:
                await asyncio.to_thread(deliver, catcher.port)
        assert len(catcher.received) == 2

    asyncio.run(scenario())
