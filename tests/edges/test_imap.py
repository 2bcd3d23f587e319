"""What goes wrong with an IMAP server, and what is lost by it: nothing."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes import comebacks
from tests.fakes.authority import Authority
from tests.fakes.comebacks import MAILBOX, SECRET
from tests.fakes.imap_server import DROP, HANG, ImapServer
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import LATER, NOW, TUESDAY, bring_to, row
from tests.fakes.returns import MemoryReturns

from paperround.mailboxes.imap import Imap
from paperround.messages import return_path
from paperround.ports import Effect, InboxUnusable, Incoming, Status
from paperround.returning import clear
from paperround.settings import ImapSettings, Tls

PASSWORD = 'a "pass\\word" of nobody'  # noqa: S105 - as it says
UMLAUTS = "pässwörd"
ONE = b"Subject: one\n\nHello\n"


def settings(authority: Authority, server: ImapServer, *, tls: Tls = Tls.IMPLICIT) -> ImapSettings:
    return ImapSettings(
        host="127.0.0.1",
        port=server.port,
        tls=tls,
        username='the "reader"',
        password=PASSWORD,
        ca_file=authority.ca_file,
    )


def read(account: ImapSettings, *, patience: float = 10) -> list[Incoming]:
    with closing(Imap(account, patience=timedelta(seconds=patience))) as inbox:
        return list(inbox.unseen(10))


def refused(account: ImapSettings, *, patience: float = 10) -> str:
    with pytest.raises(InboxUnusable) as error:
        read(account, patience=patience)
    assert PASSWORD not in str(error.value)
    return str(error.value)


def test_a_server_that_knows_no_plain_is_given_the_password_as_it_is_written(authority: Authority) -> None:
    with ImapServer(authority.context, messages={7: ONE}, capabilities="IMAP4rev1") as server:
        assert read(settings(authority, server)) == [Incoming(name="7", message=ONE)]
        (login,) = (line for line in server.heard if " LOGIN " in line)
        assert login.endswith(r'LOGIN "the \"reader\"" "a \"pass\\word\" of nobody"')


def test_a_password_beyond_ascii_is_understood(authority: Authority) -> None:
    with ImapServer(authority.context, messages={7: ONE}) as server:
        read(replace(settings(authority, server), password=UMLAUTS))
        assert f'\0the "reader"\0{UMLAUTS}' in server.heard


def test_nothing_is_said_to_a_server_whose_certificate_is_not_trusted(authority: Authority) -> None:
    with ImapServer(authority.context) as server:
        told = refused(replace(settings(authority, server), ca_file=None))
        assert "its certificate is not trusted" in told
        assert "bounces.imap.ca_file" in told
        assert server.heard == []


def test_a_server_that_offers_no_tls_hears_no_password(authority: Authority) -> None:
    with ImapServer(None) as server:
        assert "offers no STARTTLS" in refused(settings(authority, server, tls=Tls.STARTTLS))
        assert not {"LOGIN", "AUTHENTICATE"} & set(server.verbs())


def test_a_server_that_greets_as_if_one_were_logged_in_already_gets_no_further(authority: Authority) -> None:
    with ImapServer(None, greeting="* PREAUTH welcome", capabilities="IMAP4rev1 STARTTLS") as server:
        refused(settings(authority, server, tls=Tls.STARTTLS))
        assert "SELECT" not in server.verbs()


def test_tls_where_there_is_none_is_said_to_be_that(authority: Authority) -> None:
    with ImapServer(None) as server:
        assert "TLS failed" in refused(settings(authority, server))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"AUTHENTICATE": f"NO I do not know {PASSWORD}"}, "check bounces.imap.username and PAPERROUND_BOUN"),
        ({"AUTHENTICATE": DROP}, "the connection was lost"),
        ({"AUTHENTICATE": "BAD what"}, "does not let us in"),
        ({"SELECT": "NO what"}, "there is no folder 'INBOX'; check bounces.imap.folder"),
        ({"SELECT": DROP}, "the connection was lost"),
        ({"SEARCH": "NO what"}, "it refuses SEARCH"),
        ({"SEARCH": "BAD what"}, "what it says is not IMAP"),
        ({"FETCH": DROP}, "the connection was lost"),
        ({"FETCH": "NO what"}, "it refuses FETCH"),
        ({"FETCH": HANG}, "no answer in time"),
        ({"SELECT": HANG}, "no answer in time"),
    ],
)
def test_what_goes_wrong_is_told_without_the_password(
    authority: Authority, fault: dict[str, str], told: str
) -> None:
    with ImapServer(authority.context, messages={7: ONE}, faults=fault) as server:
        message = refused(settings(authority, server), patience=0.3 if HANG in fault.values() else 10)
        assert message.startswith(f"127.0.0.1:{server.port}: ")
        assert told in message


@pytest.mark.parametrize("greeting", ["* BYE not today", "220 this is SMTP", ""])
def test_a_server_that_is_none_is_told_of(authority: Authority, greeting: str) -> None:
    with ImapServer(authority.context, greeting=greeting) as server:
        assert refused(settings(authority, server), patience=0.5)


def test_a_server_that_is_not_there_is_told_of(authority: Authority) -> None:
    with ImapServer(authority.context) as server:
        gone = settings(authority, server)
    assert "nothing listens there" in refused(gone)


def test_a_file_of_certificates_that_is_none_is_told_of(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with ImapServer(authority.context) as server:
        account = replace(settings(authority, server), ca_file=tmp_path / "ca.pem")
        assert "cannot be used as bounces.imap.ca_file" in refused(account)


def test_where_one_message_cannot_be_deleted_alone_none_is_expunged(authority: Authority) -> None:
    bare = "IMAP4rev1 AUTH=PLAIN"
    with ImapServer(authority.context, messages={7: ONE, 8: ONE}, capabilities=bare) as server:
        account = settings(authority, server)
        with closing(Imap(account)) as inbox:
            inbox.done(next(inbox.unseen(1)))
        assert "EXPUNGE" not in server.verbs()
        assert server.marks == {7: {"Seen", "Deleted"}}
        assert [incoming.name for incoming in read(account)] == ["8"]


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    bring_to(ledger, ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"], Status.SENT, day=TUESDAY)
    return ledger


def returned(ledger: MemoryLedger) -> bytes:
    """Return the bounce of the only letter in the ledger; it counts, and ends nothing yet."""
    record = row(ledger)
    path = return_path(record.id, secret=SECRET, mailbox=MAILBOX)
    letter = f"Message-ID: {record.message_id}\n\nHello\n"
    return comebacks.dsn(comebacks.FULL, to=path, letter=letter)


@pytest.mark.parametrize("moment", ["STORE", "EXPUNGE"])
def test_a_connection_that_breaks_between_the_commit_and_the_deletion_loses_and_doubles_nothing(
    authority: Authority, ledger: MemoryLedger, moment: str
) -> None:
    returns = MemoryReturns(ledger)

    def look(server: ImapServer) -> list[Effect]:
        effects = []
        with closing(Imap(settings(authority, server))) as inbox:
            for account in clear(inbox, returns, secret=SECRET, now=lambda: LATER):
                assert account.consequence is not None
                effects.append(account.consequence.effect)
        return effects

    with ImapServer(authority.context, messages={7: returned(ledger)}, faults={moment: DROP}) as server:
        with pytest.raises(InboxUnusable, match="the connection was lost"):
            look(server)
        assert row(ledger).status is Status.FAILED
        assert list(server.messages) == [7]
        # What bears the mark of deletion is hidden from then on; without it, it is read once more.
        assert look(server) == ([Effect.REPEATED] if moment == "STORE" else [])
        assert look(server) == []
        assert len(returns._entered) == 1


def test_a_connection_that_breaks_before_a_message_was_read_leaves_it_there(
    authority: Authority, ledger: MemoryLedger
) -> None:
    returns = MemoryReturns(ledger)
    with ImapServer(authority.context, messages={7: returned(ledger)}, faults={"FETCH": DROP}) as server:
        with (
            closing(Imap(settings(authority, server))) as inbox,
            pytest.raises(InboxUnusable, match="the connection was lost"),
        ):
            list(clear(inbox, returns, secret=SECRET, now=lambda: LATER))
        assert (server.marks, row(ledger).status) == ({}, Status.SENT)
