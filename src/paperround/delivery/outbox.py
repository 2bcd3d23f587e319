"""A folder that takes the mail: one .eml file a message."""

import asyncio
import contextlib
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from paperround.ports import RelayUnusable


class Outbox:
    """A relay that delivers into a folder, which is made when the first message comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(
        self,
        *,
        sender: str,  # noqa: ARG002 - a file has no envelope
        recipient: str,
        message: bytes,
        begin_data: Callable[[], Awaitable[None]],
    ) -> str:
        """Write the message whole or not at all; the same message again replaces its file."""
        path = self._folder / filename(recipient, message)
        draft = path.with_name(f".{path.name}.part")
        # Drafted before the mark, so that a full disk leaves no delivery in doubt.
        try:
            await self._on_disk(partial(_draft, draft, message))
            await begin_data()
            await self._on_disk(partial(_publish, draft, path))
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        return f"written to {path}"

    async def close(self) -> None:
        """Do nothing: a folder needs no goodbye."""

    async def _on_disk(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except OSError as error:
            raise RelayUnusable(
                f"{self._folder}: cannot write the mail: {error.strerror or error}"
            ) from error


def filename(recipient: str, message: bytes) -> str:
    """Return the name of a message's file: its day, its reader and a mark of its Message-ID."""
    found = _MESSAGE_ID.search(message.partition(b"\r\n\r\n")[0])
    identity = found["id"] if found else message
    day = found["day"].decode() + " " if found and found["day"] else ""
    mark = hashlib.sha256(identity).hexdigest()[:12]
    reader = _UNSAFE.sub("_", recipient)[:_LONGEST_READER]
    return f"{day}{reader} {mark}.eml".lstrip(".-")


_MESSAGE_ID = re.compile(
    rb"^message-id:\s*(?P<id><(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})?[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE
)
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_LONGEST_READER = 100


def _draft(draft: Path, message: bytes) -> None:
    draft.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("wb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path) -> None:
    draft.replace(path)
    # A rename lasts through a power cut once the folder itself is on the disk.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
