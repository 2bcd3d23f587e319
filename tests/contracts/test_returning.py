"""What is done with the messages of a mailbox, and what the service says of it."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
import structlog
from tests.fakes import comebacks
from tests.fakes.comebacks import MAILBOX, SECRET
from tests.fakes.inbox import MemoryInbox
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import NOW, TUESDAY, bring_to
from tests.fakes.returns import MemoryReturns

from paperround.messages import return_path
from paperround.ports import (
    Consequence,
    Effect,
    Finding,
    Inbox,
    InboxUnusable,
    Incoming,
    Irrelevant,
    Status,
    StoreError,
    SubscriberId,
)
from paperround.returning import A_DAY, MANY, PATIENCE, UNWELCOME, Account, Returning, clear, rehearse
from paperround.returns import LARGEST
from paperround.tokens import UNSUBSCRIBE, token


@dataclass
class Post:
    """A ledger with letters that were sent, and a mailbox for what comes back of them."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.returns = MemoryReturns(self.ledger)

    def reader(self, name: str = "ada") -> SubscriberId:
        return self.ledger.enrol([f"{name}@example.org"], now=NOW)[f"{name}@example.org"]

    def comes_back(self, fields: str, name: str = "ada") -> bytes:
        """Send a letter, and put its bounce into the mailbox."""
        subscriber = self.reader(name)
        bring_to(self.ledger, subscriber, Status.SENT, day=TUESDAY, name=name)
        (delivery,) = (row.id for row in self.ledger.rows(address=f"{name}@example.org"))
        path = return_path(delivery, secret=SECRET, mailbox=MAILBOX)
        message = comebacks.dsn(fields, to=path, letter=None)
        self.inbox.messages[name] = message
        return message

    def clear(self) -> list[Account]:
        return list(clear(self.inbox, self.returns, secret=SECRET, now=lambda: self.now))

    def problems(self) -> tuple[str, ...]:
        return self.watch().problems()

    def watch(self, inboxes: Sequence[Inbox | Exception] | None = None) -> Returning:
        """Return what looks at the mailbox, or at one of these after the other."""
        waiting = list(inboxes or ())

        def opened() -> Inbox:
            chosen = waiting.pop(0) if waiting else self.inbox
            if isinstance(chosen, Exception):
                raise chosen
            return chosen

        return Returning(open_inbox=opened, returns=self.returns, secret=SECRET, now=lambda: self.now)


@pytest.fixture
def post() -> Post:
    return Post()


def effects(accounts: list[Account]) -> list[Effect | None]:
    return [account.consequence.effect if account.consequence else None for account in accounts]


def test_what_is_settled_is_deleted(post: Post) -> None:
    post.comes_back(comebacks.POSTFIX)
    post.comes_back(comebacks.FULL, "grace")
    assert effects(post.clear()) == [Effect.SUPPRESSED, Effect.COUNTED]
    assert post.inbox.messages == {}


def test_what_asks_for_a_person_is_kept_as_seen_and_counts_once(post: Post) -> None:
    post.comes_back(comebacks.POLICY)
    assert effects(post.clear()) == [Effect.OURS]
    assert post.inbox.kept == {"ada"}
    assert post.clear() == []
    post.inbox.kept.clear()  # somebody marks it as new
    assert effects(post.clear()) == [Effect.REPEATED]
    assert post.returns.unwelcome(NOW) == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"Subject: hello\n\nHello\n", "no token of ours"),
        (comebacks.dsn(comebacks.DELAYED), "delayed, not failed"),
        (b"x" * (LARGEST + 1), "larger than a megabyte"),
    ],
)
def test_what_is_not_for_us_is_kept_as_seen(post: Post, message: bytes, reason: str) -> None:
    post.inbox.messages["1"] = message
    assert post.clear() == [Account(name="1", finding=Irrelevant(reason=reason))]
    assert post.inbox.kept == {"1"}


def test_what_is_foreign_is_kept_as_seen(post: Post) -> None:
    post.inbox.messages["1"] = comebacks.dsn(comebacks.POSTFIX)  # of a delivery that is not there
    assert effects(post.clear()) == [Effect.FOREIGN]
    assert post.inbox.kept == {"1"}


def test_who_leaves_by_mail_has_left(post: Post) -> None:
    own = token(SECRET, UNSUBSCRIBE, post.reader())
    post.inbox.messages["1"] = comebacks.mail(f"unsubscribe {own}", "", to=MAILBOX)
    assert effects(post.clear()) == [Effect.SUPPRESSED]
    assert list(post.ledger.suppressions()) == [post.reader()]


def test_no_more_is_read_at_once_than_asked_for(post: Post) -> None:
    for name in ("ada", "emmy", "grace"):
        post.comes_back(comebacks.FULL, name)
    list(clear(post.inbox, post.returns, secret=SECRET, now=lambda: NOW, at_most=2))
    assert list(post.inbox.messages) == ["grace"]


class FullDisk(MemoryReturns):
    """Cannot write."""

    def enter(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        del finding, digest, now
        raise StoreError("the disk is full")


def test_what_cannot_be_entered_stays_as_it_is(post: Post) -> None:
    post.comes_back(comebacks.POSTFIX)
    with pytest.raises(StoreError):
        list(clear(post.inbox, FullDisk(post.ledger), secret=SECRET, now=lambda: NOW))
    assert (list(post.inbox.messages), post.inbox.kept) == (["ada"], set())


def test_a_rehearsal_says_the_same_and_changes_nothing(post: Post) -> None:
    post.comes_back(comebacks.POSTFIX)
    post.inbox.messages["1"] = b"Subject: hello\n\nHello\n"
    rehearsed = list(rehearse(post.inbox, post.returns, secret=SECRET, now=lambda: NOW))
    assert (len(post.inbox.messages), post.inbox.kept, post.ledger.suppressions()) == (2, set(), {})
    assert rehearsed == post.clear()


def test_the_log_names_no_address_and_no_words_of_the_message(post: Post) -> None:
    message = post.comes_back(comebacks.POSTFIX)
    post.comes_back(comebacks.POLICY, "grace")
    post.inbox.messages["1"] = b"Subject: secret\n\nHello\n"
    with structlog.testing.capture_logs() as logged:
        post.clear()
    assert [each["event"] for each in logged] == ["return.ignored", "return.alarming", "return.alarming"]
    assert "@" not in str(logged)
    assert hashlib.sha256(message).hexdigest() not in str(logged)


def test_a_look_clears_the_mailbox_and_leaves_it(post: Post) -> None:
    post.comes_back(comebacks.POSTFIX)
    watch = post.watch()
    asyncio.run(watch.look())
    assert (post.inbox.messages, post.inbox.closed, watch.problems()) == ({}, 1, ())


@pytest.mark.parametrize(
    "error",
    [InboxUnusable("mail.example.org:993: no answer"), StoreError("the disk is full"), RuntimeError("?")],
)
def test_a_mailbox_that_cannot_be_read_is_told_of_after_an_hour_and_until_it_can(
    post: Post, error: Exception
) -> None:
    watch = post.watch([error, error])
    asyncio.run(watch.look())
    assert watch.problems() == ()
    post.now += PATIENCE
    asyncio.run(watch.look())
    (problem,) = watch.problems()
    assert problem == f"what comes back has not been read since 2026-06-16 05:00 UTC: {error}"
    asyncio.run(watch.look())
    assert watch.problems() == ()


def test_mail_that_is_unwelcome_at_several_readers_within_a_day_is_told_of(post: Post) -> None:
    for number in range(UNWELCOME):
        assert post.watch().problems() == ()
        post.comes_back(comebacks.POLICY, f"reader{number}")
        post.clear()
    watch = Returning(open_inbox=None, returns=post.returns, secret=SECRET, now=lambda: post.now)
    (problem,) = watch.problems()
    assert "mail to 3 readers came back within a day for reasons that are ours to mend" in problem
    post.now += A_DAY + timedelta(seconds=1)
    assert watch.problems() == ()


class Endless(MemoryInbox):
    """Has always another message, and ends the service after the second."""

    def __init__(self, watch: list[Returning]) -> None:
        super().__init__(messages={str(number): b"Subject: hello\n\n" for number in range(100)})
        self._watch = watch

    def keep(self, incoming: Incoming) -> None:
        super().keep(incoming)
        if len(self.kept) == 2:
            self._watch[0]._stop.set()


def test_who_ends_the_service_waits_for_the_message_in_hand_alone(post: Post) -> None:
    watches: list[Returning] = []
    inbox = Endless(watches)
    watches.append(post.watch([inbox]))

    async def scenario() -> None:
        looking = asyncio.create_task(watches[0].look())
        await looking
        await watches[0].rest()

    asyncio.run(scenario())
    assert (len(inbox.kept), inbox.closed) == (2, 1)
    asyncio.run(watches[0].look())
    assert post.inbox.closed == 0


def test_without_a_mailbox_there_is_nothing_to_look_at(post: Post) -> None:
    watch = Returning(open_inbox=None, returns=post.returns, secret=SECRET, now=lambda: post.now)
    assert not watch.has_inbox
    asyncio.run(watch.look())
    assert watch.problems() == ()


def test_a_bounce_that_comes_before_the_reply_is_recorded_is_read_again(post: Post) -> None:
    message = post.comes_back(comebacks.POSTFIX)
    delivery = next(iter(post.ledger._rows.values()))
    delivery.record = replace(delivery.record, status=Status.SENDING)
    assert effects(post.clear()) == [Effect.TOO_EARLY]
    assert (len(post.inbox.messages), post.inbox.kept) == (1, set())
    delivery.record = replace(delivery.record, status=Status.SENT)
    assert effects(post.clear()) == [Effect.SUPPRESSED]
    assert message


def test_many_readers_whose_mail_came_back_for_good_are_told_of(post: Post) -> None:
    names = [f"reader{number}" for number in range(MANY)]
    for number, name in enumerate(names, 1):
        assert bool(post.problems()) is (number > MANY)
        post.comes_back(comebacks.POSTFIX, name)
        post.clear()
    assert "5 readers get nothing any more" in post.problems()[0]
