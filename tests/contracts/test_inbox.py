"""The rules of a mailbox: in memory, as a Maildir, and on a real IMAP server with both ways to TLS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.authority import Authority
from tests.fakes.dovecot import PASSWORD, Dovecot, dovecot, maildir_flags
from tests.fakes.inbox import MemoryInbox

from paperround.mailboxes.imap import Imap
from paperround.mailboxes.maildir import Maildir
from paperround.ports import Inbox
from paperround.returns import LARGEST
from paperround.settings import ImapSettings, Tls

MESSAGE = b"Subject: one\n\nHello\n"
ONE, TWO, THREE = (f"178000000{number}.M{number}P1.mx" for number in (1, 2, 3))  # as mail servers name files


@dataclass(frozen=True, kw_only=True)
class Post:
    """A mailbox, and what puts messages into it and looks at them from outside."""

    open: Callable[[], Inbox]
    deliver: Callable[[str, bytes], None]
    left: Callable[[], dict[str, bool]]  # whether it was seen, by name

    def read(self, at_most: int = 100) -> list[bytes | None]:
        """Return what is unseen, without touching it."""
        inbox = self.open()
        try:
            return [incoming.message for incoming in inbox.unseen(at_most)]
        finally:
            inbox.close()


@pytest.fixture(scope="session")
def server(authority: Authority) -> Iterator[Dovecot]:
    with dovecot(authority) as running:
        yield running


NEEDED = pytest.mark.needs("dovecot")


@pytest.fixture(
    params=[
        "memory",
        "maildir",
        pytest.param(Tls.IMPLICIT, marks=NEEDED),
        pytest.param(Tls.STARTTLS, marks=NEEDED),
    ]
)
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    match request.param:
        case "memory":
            return in_memory()
        case "maildir":
            return in_maildir(tmp_path / "mail")
        case tls:
            server: Dovecot = request.getfixturevalue("server")
            authority: Authority = request.getfixturevalue("authority")
            return on_server(server, authority, tls)


def in_memory() -> Post:
    inbox = MemoryInbox()
    return Post(
        open=lambda: inbox,
        deliver=inbox.messages.__setitem__,
        left=lambda: {name: name in inbox.kept for name in inbox.messages},
    )


def in_maildir(folder: Path) -> Post:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)

    def deliver(name: str, message: bytes) -> None:
        (folder / "new" / name).write_bytes(message)

    return Post(
        open=lambda: Maildir(folder),
        deliver=deliver,
        left=lambda: {name: "S" in flags for name, flags in maildir_flags(folder).items()},
    )


def on_server(server: Dovecot, authority: Authority, tls: Tls) -> Post:
    account = server.account()
    settings = ImapSettings(
        host="127.0.0.1",
        port=server.imaps if tls is Tls.IMPLICIT else server.imap,
        tls=tls,
        username=account.username,
        password=PASSWORD,
        ca_file=authority.ca_file,
    )
    return Post(
        open=lambda: Imap(settings),
        deliver=account.deliver,
        left=lambda: {name: "S" in flags for name, flags in account.flags().items()},
    )


def bare(message: bytes | None) -> bytes | None:
    """Return a message with the line ends of a file; IMAP has its own."""
    return None if message is None else message.replace(b"\r\n", b"\n")


def test_an_empty_mailbox_has_nothing(post: Post) -> None:
    assert post.read() == []


def test_messages_are_read_whole_and_the_oldest_first(post: Post) -> None:
    every_byte = b"Subject: all\n\n" + bytes(sorted({*range(1, 256)} - {13})) + b"\n"
    for name, message in ((ONE, MESSAGE), (TWO, every_byte)):
        post.deliver(name, message)
        assert bare(post.read()[-1]) == message
    assert [bare(message) for message in post.read()] == [MESSAGE, every_byte]


def test_reading_a_message_does_not_make_it_seen(post: Post) -> None:
    post.deliver(ONE, MESSAGE)
    assert post.read() == post.read()
    assert post.left() == {ONE: False}


def test_no_more_are_read_than_asked_for(post: Post) -> None:
    for name in (ONE, TWO, THREE):
        post.deliver(name, MESSAGE)
    assert len(post.read(2)) == 2
    assert post.read(0) == []


def test_what_is_done_is_gone_and_what_is_kept_is_read_no_more(post: Post) -> None:
    for name in (ONE, TWO, THREE):
        post.deliver(name, MESSAGE)
    inbox = post.open()
    for incoming, deal in zip(inbox.unseen(2), (inbox.done, inbox.keep), strict=True):
        deal(incoming)
    inbox.close()
    assert post.left() == {TWO: True, THREE: False}
    assert len(post.read()) == 1


def test_a_message_that_is_too_large_is_not_given_and_can_be_kept(post: Post) -> None:
    post.deliver(ONE, MESSAGE + b"x" * LARGEST)
    post.deliver(TWO, MESSAGE)
    assert [bare(message) for message in post.read()] == [None, MESSAGE]
    inbox = post.open()
    inbox.keep(next(inbox.unseen(1)))
    inbox.close()
    assert post.left() == {ONE: True, TWO: False}


def test_what_another_program_took_away_meanwhile_is_no_error(post: Post) -> None:
    post.deliver(ONE, MESSAGE)
    inbox, other = post.open(), post.open()
    incoming = next(inbox.unseen(1))
    if inbox is not other:
        other.done(next(other.unseen(1)))
        inbox.done(incoming)
        inbox.keep(incoming)
    inbox.close()
    other.close()
    assert post.left() == ({} if inbox is not other else {ONE: False})
