"""A scripted IMAP server with one folder, which breaks off, hangs or refuses where it is told to."""

import base64
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self, cast

DROP = "(the server ends the connection)"
HANG = "(the server never answers)"


@dataclass
class ImapServer:
    """A server whose `faults` say what happens at the first of a command, and at none after it.

    `heard` are the lines that clients said, `messages` what is in the folder by UID, `marks` the flags.
    """

    context: ssl.SSLContext | None
    faults: dict[str, str] = field(default_factory=dict)
    messages: dict[int, bytes] = field(default_factory=dict)
    capabilities: str = "IMAP4rev1 UIDPLUS AUTH=PLAIN"
    greeting: str = "* OK ready"
    heard: list[str] = field(default_factory=list)
    marks: dict[int, set[str]] = field(default_factory=dict)
    _connections: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._connections:
            _close(connection)
        for thread in self._threads:
            thread.join(5)

    def verbs(self) -> list[str]:
        """Return the commands that were heard."""
        return [_verb(line) for line in self.heard]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        self._connections.append(connection)
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection.makefile("rwb") as stream:
                self._converse(cast("BinaryIO", stream))
        except OSError:
            pass
        finally:
            _close(connection)

    def _converse(self, stream: BinaryIO) -> None:
        _say(stream, self.greeting)
        while line := stream.readline().decode(errors="replace").strip():
            self.heard.append(line)
            tag, _, command = line.partition(" ")
            fault = self.faults.pop(_verb(line), None)
            if fault == DROP:
                return
            if fault == HANG:
                stream.readline()
                return
            if fault is not None:
                _say(stream, f"{tag} {fault}")
                continue
            self._answer(stream, tag, command)
            if command == "LOGOUT":
                return

    def _answer(self, stream: BinaryIO, tag: str, command: str) -> None:
        match _verb(f"{tag} {command}"):
            case "CAPABILITY":
                _say(stream, f"* CAPABILITY {self.capabilities}")
            case "AUTHENTICATE":
                _say(stream, "+ ")
                self.heard.append(base64.b64decode(stream.readline()).decode())
            case "SELECT":
                _say(stream, f"* {len(self.messages)} EXISTS")
            case "SEARCH":
                unseen = [uid for uid in self.messages if not self.marks.get(uid)]
                _say(stream, f"* SEARCH {' '.join(map(str, unseen))}")
            case "FETCH":
                uid, length = map(int, re.findall(r"(\d+) \(BODY.PEEK\[\]<0\.(\d+)>", command)[0])
                body = self.messages[uid][:length]
                _say(stream, f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}")
                stream.write(body)
                _say(stream, ")")
            case "STORE":
                uid = int(command.split()[2])
                self.marks.setdefault(uid, set()).update(re.findall(r"\\(\w+)", command))
            case "EXPUNGE":
                self.messages.pop(int(command.split()[2]), None)
            case "LOGOUT":
                _say(stream, "* BYE")
        _say(stream, f"{tag} OK done")


def _verb(line: str) -> str:
    words = [*line.upper().split(), "", ""]
    return words[2] if words[1] == "UID" else words[1]


def _say(stream: BinaryIO, line: str) -> None:
    stream.write(f"{line}\r\n".encode())
    stream.flush()


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        connection.close()
