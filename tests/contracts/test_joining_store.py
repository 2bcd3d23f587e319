"""The rules of what is asked for and who joined, in memory and in the store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.joining import MemoryMembers, MemoryRequests
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import LATER, NOW, RATE, TUESDAY, letter, row
from tests.fakes.preferences import MemoryPreferences

from paperround.admission import LIFE_OF_A_REQUEST, OF_A_NETWORK, Admission
from paperround.languages import Language
from paperround.ports import (
    MOST_ATTEMPTS,
    Asking,
    Cause,
    Ledger,
    Members,
    Preferences,
    Request,
    RequestId,
    Requests,
    Status,
    Wish,
)
from paperround.preferences import PauseChange
from paperround.rates import HOUR, Later, Rate
from paperround.store import Store
from paperround.store.joining import SqlMembers
from paperround.subscribers import Pause

FREE = Rate(relay="smtp.example.org:587")
PLAIN = Wish(keywords=("LoRA",), language=Language.ENGLISH)
FULL = Wish(
    keywords=("diffusion models", "Größe"),
    language=Language.GERMAN,
    timezone=ZoneInfo("Europe/Berlin"),
    deliver_at=time(6, 45),
)
NETWORK = b"n" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """All that is behind the counter at which people ask for the papers."""

    requests: Requests
    members: Members
    ledger: Ledger
    preferences: Preferences

    def ask(self, name: str = "ada", wish: Wish = PLAIN, *, now: datetime = NOW) -> RequestId:
        assert self.requests.enter(asking(name, wish), rate=FREE, now=now) is Admission.MAIL
        claimed = self.requests.claim(rate=FREE, now=now)
        assert isinstance(claimed, Request)
        assert claimed.address == f"{name}@example.org"
        return claimed.id

    def confirm(self, request: RequestId, *, joins: bool = True, now: datetime = LATER) -> bool:
        return self.members.confirm(request, network=NETWORK, joins=joins, now=now) is not None

    def addresses(self) -> list[str]:
        return [each.address for each in self.members.all()]


def asking(name: str, wish: Wish = PLAIN, *, network: bytes | None = None) -> Asking:
    """Return that somebody of this name asks, each from a network of their own."""
    return Asking(
        address=f"{name}@example.org", wish=wish, mark=name.encode(), network=network or name.encode()
    )


@pytest.fixture
def counter(store: Store | None, ledger: Ledger) -> Counter:
    if isinstance(ledger, MemoryLedger):
        preferences, requests = MemoryPreferences(ledger), MemoryRequests(ledger)
        members = MemoryMembers(ledger, requests, preferences)
        return Counter(requests=requests, members=members, ledger=ledger, preferences=preferences)
    assert store is not None
    return Counter(
        requests=store.requests,
        members=SqlMembers(store.database),
        ledger=ledger,
        preferences=store.preferences,
    )


@pytest.mark.parametrize("wish", [PLAIN, FULL])
def test_what_is_asked_for_is_kept_until_it_is_confirmed(counter: Counter, wish: Wish) -> None:
    asked = counter.ask(wish=wish)
    kept = counter.requests.request(asked, now=LATER)
    assert kept == Request(id=asked, address="ada@example.org", wish=wish, asked_at=NOW, attempts=1)
    assert counter.members.all() == ()


def test_a_request_that_nobody_made_is_none(counter: Counter) -> None:
    assert counter.requests.request(RequestId(7), now=NOW) is None
    assert counter.members.confirm(RequestId(7), network=NETWORK, joins=True, now=NOW) is None


def test_an_address_is_written_to_once_an_hour_and_three_times_a_day(counter: Counter) -> None:
    hours = (0, 0.5, 1, 1.5, 2, 4, 23.5, 24)
    admitted = [counter.requests.enter(asking("ada"), rate=FREE, now=NOW + hour * HOUR) for hour in hours]
    mail, silence = Admission.MAIL, Admission.SILENCE
    assert admitted == [mail, silence, mail, silence, mail, silence, silence, mail]


def test_for_whoever_asks_too_often_there_is_no_mail(counter: Counter) -> None:
    counter.requests.mailed(counter.ask())
    counter.requests.enter(asking("ada"), rate=FREE, now=NOW)
    assert counter.requests.claim(rate=FREE, now=NOW) is None


def test_a_network_that_asks_too_often_is_refused_and_others_are_not(counter: Counter) -> None:
    for number in range(OF_A_NETWORK):
        assert (
            counter.requests.enter(asking(f"r{number}", network=NETWORK), rate=FREE, now=NOW)
            is Admission.MAIL
        )
    assert counter.requests.enter(asking("ada", network=NETWORK), rate=FREE, now=NOW) is Admission.BUSY
    assert counter.requests.enter(asking("ada"), rate=FREE, now=NOW) is Admission.MAIL
    # What was refused does not count: whoever waits for an hour is let in.
    assert (
        counter.requests.enter(asking("grace", network=NETWORK), rate=FREE, now=NOW + HOUR) is Admission.MAIL
    )


def test_a_mail_is_sent_by_one_of_several_who_ask_for_it(counter: Counter) -> None:
    counter.ask()
    assert counter.requests.claim(rate=FREE, now=NOW) is None


def test_a_mail_that_nobody_says_was_sent_is_due_again_and_not_for_ever(counter: Counter) -> None:
    counter.ask()
    now, attempts = NOW, 1
    while now < NOW + LIFE_OF_A_REQUEST:
        now += timedelta(hours=1)
        attempts += counter.requests.claim(rate=FREE, now=now) is not None
    assert attempts == MOST_ATTEMPTS


def test_a_mail_that_was_sent_is_not_due_again_and_can_be_confirmed(counter: Counter) -> None:
    asked = counter.ask()
    counter.requests.mailed(asked)
    assert counter.requests.claim(rate=FREE, now=LATER) is None
    assert counter.confirm(asked)


def test_the_mails_wait_for_their_turn_like_letters(counter: Counter) -> None:
    slow = Rate(relay="slow.example.org:587", per_second=0.1, per_hour=2)
    for name in ("ada", "grace", "emmy"):
        counter.requests.enter(asking(name), rate=FREE, now=NOW)
    assert isinstance(counter.requests.claim(rate=slow, now=NOW), Request)
    assert isinstance(counter.requests.claim(rate=slow, now=NOW + timedelta(seconds=9)), Later)
    assert isinstance(counter.requests.claim(rate=slow, now=NOW + timedelta(seconds=10)), Request)
    assert isinstance(counter.requests.claim(rate=slow, now=NOW + timedelta(minutes=20)), Later)
    counter.ledger.pause(RATE.relay, "slow down", now=NOW)
    assert isinstance(counter.requests.claim(rate=FREE, now=NOW), Later)


def test_what_is_dropped_is_gone(counter: Counter) -> None:
    asked = counter.ask()
    counter.requests.drop(asked)
    assert counter.requests.request(asked, now=NOW) is None
    assert not counter.confirm(asked)


def test_what_is_too_old_cannot_be_confirmed_and_is_forgotten(counter: Counter) -> None:
    asked = counter.ask()
    end = NOW + LIFE_OF_A_REQUEST
    assert counter.requests.request(asked, now=end - timedelta(seconds=1)) is not None
    assert counter.requests.request(asked, now=end) is None
    assert not counter.confirm(asked, now=end)
    assert counter.requests.claim(rate=FREE, now=end) is None
    assert counter.requests.tidy(now=end - timedelta(seconds=1)) == 0
    assert counter.requests.tidy(now=end) == 1
    assert counter.requests.tidy(now=end) == 0


@pytest.mark.parametrize("wish", [PLAIN, FULL])
def test_whoever_confirms_is_a_member(counter: Counter, wish: Wish) -> None:
    assert counter.confirm(counter.ask(wish=wish))
    (member,) = counter.members.all()
    assert (member.address, member.wish, member.network) == ("ada@example.org", wish, NETWORK)
    assert (member.asked_at, member.confirmed_at) == (NOW, LATER)
    assert counter.ledger.enrol(["ADA@example.org"], now=NOW) == {"ADA@example.org": member.subscriber}


def test_a_request_is_confirmed_once_though_many_try_at_the_same_time(counter: Counter) -> None:
    asked = counter.ask()
    with ThreadPoolExecutor(6) as threads:
        confirmed = list(threads.map(counter.confirm, [asked] * 6))
    assert sorted(confirmed) == [False] * 5 + [True]
    assert counter.addresses() == ["ada@example.org"]


def test_to_confirm_one_request_is_to_be_done_with_all_of_them(counter: Counter) -> None:
    first = counter.ask()
    second = counter.ask(wish=FULL, now=NOW + HOUR)
    assert counter.confirm(first)
    assert not counter.confirm(second)
    assert [each.wish for each in counter.members.all()] == [PLAIN]


def test_whoever_confirms_again_reads_what_they_asked_for_last(counter: Counter) -> None:
    counter.confirm(counter.ask())
    counter.confirm(counter.ask(wish=FULL, now=NOW + HOUR), now=NOW + 2 * HOUR)
    (member,) = counter.members.all()
    assert (member.wish, member.confirmed_at) == (FULL, NOW + 2 * HOUR)


def test_the_members_are_the_same_object_until_something_changes(counter: Counter) -> None:
    counter.confirm(counter.ask())
    one = counter.members.all()
    assert counter.members.all() is one
    counter.confirm(counter.ask("grace"))
    two = counter.members.all()
    assert [each.address for each in two] == ["ada@example.org", "grace@example.org"]
    counter.members.remove("grace@example.org")
    three = counter.members.all()
    assert three == one
    assert three is not two
    counter.confirm(counter.ask("emmy"))
    assert counter.addresses() == ["ada@example.org", "emmy@example.org"]


def test_whoever_left_is_sent_mail_again_and_begins_anew(counter: Counter) -> None:
    (ada,) = counter.ledger.enrol(["ada@example.org"], now=NOW).values()
    counter.ledger.suppress(ada, "unsubscribed", now=NOW)
    counter.preferences.change(ada, PauseChange(pause=Pause(until=date(2027, 1, 1))), now=NOW)
    assert counter.confirm(counter.ask())
    assert counter.ledger.suppressions() == {}
    assert counter.preferences.overlays() == {}


@pytest.mark.parametrize("cause", [Cause.COMPLAINED, Cause.BOUNCED])
def test_whoever_complained_or_whose_mail_came_back_is_not(counter: Counter, cause: Cause) -> None:
    asked = counter.ask()
    (ada,) = counter.ledger.enrol(["ada@example.org"], now=NOW).values()
    counter.ledger.suppress(ada, "why", cause=cause, now=NOW)
    assert not counter.confirm(asked)
    assert ada in counter.ledger.suppressions()
    assert counter.members.all() == ()
    assert counter.requests.request(asked, now=NOW) is None


def test_of_whom_somebody_else_says_what_they_read_is_no_member(counter: Counter) -> None:
    (ada,) = counter.ledger.enrol(["ada@example.org"], now=NOW).values()
    counter.ledger.suppress(ada, "unsubscribed", now=NOW)
    assert counter.confirm(counter.ask(), joins=False)
    assert counter.members.all() == ()
    assert counter.ledger.suppressions() == {}


def test_a_membership_ends(counter: Counter) -> None:
    counter.confirm(counter.ask())
    assert counter.members.remove("Ada@Example.org")
    assert counter.members.all() == ()
    assert not counter.members.remove("ada@example.org")


@pytest.mark.parametrize("forget", [lambda: "ada@example.org", lambda: "Ada@Example.org"])
def test_whoever_is_forgotten_leaves_nothing_behind_but_deliveries_of_nobody(
    counter: Counter, forget: Callable[[], str]
) -> None:
    counter.confirm(counter.ask())
    counter.confirm(counter.ask("grace"))
    (ada,) = counter.ledger.enrol(["ada@example.org"], now=NOW).values()
    counter.preferences.change(ada, PauseChange(pause=Pause()), now=NOW)
    counter.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    again = counter.ask(now=LATER)
    (delivery,) = counter.ledger.rows(address="ada@example.org")
    assert counter.members.forget(forget(), now=LATER)
    assert counter.addresses() == ["grace@example.org"]
    assert counter.preferences.overlays() == {}
    assert counter.requests.request(again, now=LATER) is None
    assert row(counter.ledger, delivery.id).status is Status.SUPPRESSED
    assert "ada" not in str(counter.ledger.rows())
    assert counter.ledger.enrol(["ada@example.org"], now=LATER)["ada@example.org"] != ada


def test_the_address_stays_of_whoever_must_not_get_mail(counter: Counter) -> None:
    counter.confirm(counter.ask())
    (ada,) = counter.ledger.enrol(["ada@example.org"], now=NOW).values()
    counter.ledger.suppress(ada, "complained", cause=Cause.COMPLAINED, now=NOW)
    assert counter.members.forget("ada@example.org", now=LATER)
    assert counter.members.all() == ()
    assert counter.ledger.addresses(counter.ledger.suppressions()) == {ada: "ada@example.org"}


def test_of_whom_nothing_is_known_nothing_is_forgotten(counter: Counter) -> None:
    assert not counter.members.forget("ada@example.org", now=NOW)
    counter.ask()
    assert counter.members.forget("ada@example.org", now=NOW)
    assert not counter.members.forget("ada@example.org", now=NOW)
