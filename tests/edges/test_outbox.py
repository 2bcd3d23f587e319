import asyncio
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.delivery.outbox import Outbox, filename
from paperround.ports import RelayUnusable

MESSAGE = b"From: x\r\nMessage-ID: <2026-06-16.7.0a1b@example.org>\r\n\r\nHello.\r\n"


async def nothing() -> None:
    pass


def send(folder: Path, message: bytes = MESSAGE, recipient: str = "ada@example.org") -> str:
    outbox = Outbox(folder)
    return asyncio.run(
        outbox.send(sender="papers@example.org", recipient=recipient, message=message, begin_data=nothing)
    )


def test_a_file_is_named_by_its_day_and_its_reader(tmp_path: Path) -> None:
    words = send(tmp_path / "made" / "on demand")
    [file] = (tmp_path / "made" / "on demand").iterdir()
    assert file.name.startswith("2026-06-16 ada@example.org ")
    assert file.suffix == ".eml"
    assert file.read_bytes() == MESSAGE
    assert words == f"written to {file}"


def test_the_same_message_again_replaces_its_file(tmp_path: Path) -> None:
    send(tmp_path)
    send(tmp_path, MESSAGE + b"And more.\r\n")
    [file] = tmp_path.iterdir()
    assert file.read_bytes() == MESSAGE + b"And more.\r\n"


def test_two_messages_to_one_reader_on_one_day_are_two_files(tmp_path: Path) -> None:
    send(tmp_path)
    send(tmp_path, MESSAGE.replace(b"0a1b", b"0a1c"))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "field",
    [b"Message-Id: <x@y>", b"MESSAGE-ID:<x@y>", b"Message-ID:\r\n <x@y>"],
)
def test_the_message_id_is_found_however_it_is_written(field: bytes) -> None:
    alike = filename("ada@example.org", b"Message-ID: <x@y>\r\n\r\n")
    assert filename("ada@example.org", b"To: z\r\n" + field + b"\r\n\r\nbody\r\n") == alike


def test_a_message_id_in_the_body_is_not_the_message_s() -> None:
    quoted = b"To: z\r\n\r\nMessage-ID: <2026-06-16.7@example.org>\r\n"
    assert not filename("ada@example.org", quoted).startswith("2026")


@example(recipient="-.hidden", message=b"")
@given(recipient=st.text(max_size=300), message=st.binary(max_size=200))
def test_no_reader_and_no_message_names_a_file_elsewhere(recipient: str, message: bytes) -> None:
    name = filename(recipient, message)
    assert Path(name).name == name
    assert name.isascii()
    assert name.isprintable()
    assert not name.startswith((".", "-"))
    assert len(name) < 200


@pytest.mark.parametrize("message_id", [b"<../../etc/passwd>", b"<2026-06-16/../x>", b"<\x00>"])
def test_a_message_id_cannot_leave_the_folder(tmp_path: Path, message_id: bytes) -> None:
    send(tmp_path / "outbox", b"Message-ID: " + message_id + b"\r\n\r\n", recipient="../../ada")
    assert len(list((tmp_path / "outbox").iterdir())) == 1


@pytest.mark.parametrize("place", ["a file", "a file/outbox"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(RelayUnusable, match=f"{place}: cannot write the mail: "):
        send(tmp_path / place)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_leaves_no_mark_and_no_file(tmp_path: Path) -> None:
    name = filename("ada@example.org", MESSAGE)
    (tmp_path / f".{name}.part").symlink_to("/dev/full")

    async def mark() -> None:
        pytest.fail("marked as being on its way")

    sending = Outbox(tmp_path).send(sender="", recipient="ada@example.org", message=MESSAGE, begin_data=mark)
    with pytest.raises(RelayUnusable, match="No space left on device"):
        asyncio.run(sending)
    assert list(tmp_path.iterdir()) == []


def test_a_draft_that_a_crash_left_is_written_over(tmp_path: Path) -> None:
    name = filename("ada@example.org", MESSAGE)
    (tmp_path / f".{name}.part").write_bytes(b"half a mess" * 100)
    send(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {name: MESSAGE}


def test_an_error_of_the_mark_is_not_taken_for_one_of_the_disk(tmp_path: Path) -> None:
    async def mark() -> None:
        raise PermissionError("the ledger")

    sending = Outbox(tmp_path).send(sender="", recipient="ada@example.org", message=MESSAGE, begin_data=mark)
    with pytest.raises(PermissionError, match="the ledger"):
        asyncio.run(sending)
    assert list(tmp_path.iterdir()) == []
