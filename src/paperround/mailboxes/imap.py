"""A folder on an IMAP server."""

import contextlib
import imaplib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from paperround.ports import InboxUnusable, Incoming
from paperround.returns import LARGEST
from paperround.settings import ImapSettings, Tls
from paperround.tls import AuthorityProblem, trusting, why

PATIENCE = timedelta(seconds=30)  # for each step of the conversation

_SECTION = "bounces.imap"  # of the config
_LOST = (imaplib.IMAP4.error, OSError)


class Imap:
    """The messages of a folder that nobody has seen.

    The server's certificate is verified, and nothing is said without TLS. Other programs may read the
    folder meanwhile: a message goes by its UID, and nothing but it is deleted.
    """

    def __init__(self, settings: ImapSettings, *, patience: timedelta = PATIENCE) -> None:
        self._settings = settings
        with self._translated():
            self._client = _connected(settings, patience.total_seconds())
        try:
            self._enter()
        except BaseException:
            self._hang_up()
            raise

    def unseen(self, at_most: int) -> Iterator[Incoming]:
        """Yield messages, the oldest first. One that is too large is not fetched whole."""
        found = self._ask("SEARCH", "UNSEEN", "UNDELETED")
        uids = {int(uid) for line in found if isinstance(line, bytes) for uid in line.split()}
        for uid in sorted(uids)[:at_most]:
            message = self._fetch(uid)
            if message is not None:
                yield Incoming(name=str(uid), message=message if len(message) <= LARGEST else None)

    def done(self, incoming: Incoming) -> None:
        """Delete a message. A server without UIDPLUS hides it until some program clears the folder."""
        self._ask("STORE", incoming.name, "+FLAGS.SILENT", r"(\Seen \Deleted)")
        if self._deletes_one:
            self._ask("EXPUNGE", incoming.name)

    def keep(self, incoming: Incoming) -> None:
        """Mark a message as seen."""
        self._ask("STORE", incoming.name, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Say goodbye; that is a courtesy, and no error when it fails."""
        with contextlib.suppress(*_LOST):
            self._client.logout()
        self._hang_up()

    def _enter(self) -> None:
        with self._translated():
            if self._settings.tls is Tls.STARTTLS:
                self._begin_tls()
        self._log_in()
        folder = self._settings.folder
        with self._translated():
            _, capabilities = self._client.capability()  # often there are more by now
            self._deletes_one = b"UIDPLUS" in b" ".join(capabilities).upper().split()
            answer, _ = self._client.select(_quoted(folder))
        if answer != "OK":
            raise InboxUnusable(f"{self}: there is no folder {folder!r}; check bounces.imap.folder")

    def _begin_tls(self) -> None:
        if "STARTTLS" not in self._client.capabilities:
            raise InboxUnusable(
                f"{self}: it offers no STARTTLS, so nothing was said; "
                "where TLS begins with the connection, set bounces.imap.tls to implicit"
            )
        self._client.starttls(trusting(self._settings.ca_file, section=_SECTION))

    def _log_in(self) -> None:
        """Log in; what the server says of it is not repeated, as it may hold what we said."""
        username, password = self._settings.username, self._settings.password
        try:
            if "AUTH=PLAIN" in self._client.capabilities:
                self._client.authenticate("PLAIN", lambda _: f"\0{username}\0{password}".encode())
            else:
                self._client.login(_quoted(username), password)
        except imaplib.IMAP4.abort:
            raise InboxUnusable(f"{self}: the connection was lost") from None
        except (imaplib.IMAP4.error, UnicodeError):
            mend = "check bounces.imap.username and PAPERROUND_BOUNCES_PASSWORD"
            raise InboxUnusable(f"{self}: it does not let us in; {mend}") from None
        except OSError as error:
            raise InboxUnusable(f"{self}: {why(error, section=_SECTION, others=_OTHERS)}") from error

    def _fetch(self, uid: int) -> bytes | None:
        """Return the beginning of a message, or None where it has gone meanwhile."""
        found = self._ask("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST + 1}>)")
        return next((part[1] for part in found if isinstance(part, tuple)), None)

    def _ask(self, command: str, *arguments: str) -> Sequence[Any]:
        with self._translated():
            answer, said = self._client.uid(command, *arguments)
        if answer != "OK":
            raise InboxUnusable(f"{self}: it refuses {command}")
        return said

    def _hang_up(self) -> None:
        with contextlib.suppress(*_LOST):
            self._client.shutdown()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except AuthorityProblem as error:
            raise InboxUnusable(str(error)) from error
        except (*_LOST, ValueError) as error:
            raise InboxUnusable(f"{self}: {why(error, section=_SECTION, others=_OTHERS)}") from error

    def __str__(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def _connected(settings: ImapSettings, timeout: float) -> imaplib.IMAP4:
    if settings.tls is Tls.IMPLICIT:
        context = trusting(settings.ca_file, section=_SECTION)
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=timeout)
    return imaplib.IMAP4(settings.host, settings.port, timeout=timeout)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_OTHERS: Mapping[type[Exception], str] = {
    imaplib.IMAP4.abort: "the connection was lost",
    imaplib.IMAP4.error: "what it says is not IMAP",
}
