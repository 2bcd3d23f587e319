"""A Maildir on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from paperround.ports import InboxUnusable, Incoming
from paperround.returns import LARGEST

# The standard library's Maildir parses a message to read its flags, and writes it anew to set one. Here a
# message may be hostile, and a flag is a part of a file's name: https://cr.yp.to/proto/maildir.html

_INFO = ":2,"
_SEEN, _TRASHED = "S", "T"


class Maildir:
    """The messages in the folders `new` and `cur` that nobody has seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unseen(self, at_most: int) -> Iterator[Incoming]:
        """Yield messages, the oldest first; what another program takes away meanwhile is not among them."""
        for path in self._unseen()[:at_most]:
            try:
                with path.open("rb") as opened:
                    message = opened.read(LARGEST + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise InboxUnusable(f"{path}: {error.strerror}") from error
            name = path.relative_to(self._folder).as_posix()
            yield Incoming(name=name, message=message if len(message) <= LARGEST else None)

    def done(self, incoming: Incoming) -> None:
        """Delete a message."""
        path = self._folder / incoming.name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InboxUnusable(f"{path}: {error.strerror}; it is read again") from error

    def keep(self, incoming: Incoming) -> None:
        """Mark a message as seen."""
        path = self._folder / incoming.name
        base, _, flags = path.name.partition(_INFO)
        seen = self._folder / "cur" / f"{base}{_INFO}{''.join(sorted({*flags, _SEEN}))}"
        try:
            path.rename(seen)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InboxUnusable(f"{path}: {error.strerror}; it is read again") from error

    def close(self) -> None:
        """Do nothing; no file is open."""

    def _unseen(self) -> list[Path]:
        if not self._folder.exists():  # a mail server makes it with the first message
            return []
        try:
            found = [Path(entry.path) for name in ("new", "cur") for entry in os.scandir(self._folder / name)]
        except OSError as error:
            mend = "name the Maildir, the folder with new and cur in it, as bounces.maildir"
            raise InboxUnusable(f"{self._folder}: {error.strerror}; {mend}") from error
        waiting = [path for path in found if not path.name.startswith(".") and not _is_seen(path)]
        return sorted(waiting, key=lambda path: path.name)


def _is_seen(path: Path) -> bool:
    flags = path.name.partition(_INFO)[2]
    return _SEEN in flags or _TRASHED in flags
