"""What comes of it when somebody asks for the papers, with stores in memory and on disk."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from tests.fakes.front import ADDRESS, SITE, Front, arranged, parsed, text_of
from tests.fakes.joining import MemoryMembers, MemoryRequests
from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.relay import MemoryRelay
from tests.fakes.world import refused

from paperround.admission import LIFE_OF_A_REQUEST
from paperround.clock import due, slot
from paperround.ports import Cause, Interrupted, Ledger, Members, RelayUnusable, Requests, Unanswered
from paperround.rates import Rate
from paperround.standing import next_day
from paperround.store import Store
from paperround.store.joining import SqlMembers

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GRACE = arranged("grace")

Open = Callable[..., Front]


@pytest.fixture
def opened(store: Store | None, ledger: Ledger) -> Open:
    """Open a front door; one after another has the same store behind it."""
    requests: Requests
    members: Members
    if isinstance(ledger, MemoryLedger):
        requests = kept = MemoryRequests(ledger)
        members = MemoryMembers(ledger, kept, MemoryPreferences(ledger))
    else:
        assert store is not None
        requests, members = store.requests, SqlMembers(store.database)

    def made(**values: Any) -> Front:  # noqa: ANN401 - as a front has them
        return Front(ledger=ledger, requests=requests, members=members, **values)

    return made


@pytest.fixture
def front(opened: Open) -> Front:
    return opened(readers=(GRACE,))


def test_whoever_asks_is_sent_one_mail_with_a_link_and_nothing_of_what_they_typed(front: Front) -> None:
    front.apply(keywords="Buy cheap\nwatches https://spam.example")
    (handed,) = front.look()
    assert (handed.sender, handed.recipient) == ("bounces@example.org", ADDRESS)
    text, html = text_of(handed), text_of(handed, "html")
    assert f"{SITE}{front.link()}" in text
    assert f'href="{SITE}{front.link()}"' in html
    for typed in ("cheap", "watches", "spam", ADDRESS):
        assert typed not in text + html
    assert "1 Example Street, London" in text
    assert front.look(after=HOUR) == []


def test_the_mail_says_what_it_is_and_is_no_letter_of_a_list(front: Front) -> None:
    front.apply()
    message = parsed(front.look()[0])
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Confirm your subscription to Paper Round"
    assert str(message["From"]) == "Paper Round <papers@example.org>"
    assert {name.lower() for name in message} == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted"),
        *("x-auto-response-suppress", "mime-version", "content-type"),
    }


def test_whoever_confirms_reads_from_their_next_hour_on(front: Front) -> None:
    front.apply(deliver_at="18:15", timezone="Europe/Berlin")
    front.look()
    assert front.addresses() == [GRACE.address]
    assert front.confirm().status_code == 200
    reader = front.roll.everybody()[-1]
    assert reader.address == ADDRESS
    assert [each.text for each in reader.interests.keywords] == ["LoRA", "diffusion models"]
    assert (str(reader.timezone), f"{reader.deliver_at:%H:%M}") == ("Europe/Berlin", "18:15")
    assert next_day(reader, front.now) == front.now.date()
    assert due(reader, slot(front.now.date(), reader), catch_up=12 * HOUR) == front.now.date()


def test_an_hour_that_has_passed_is_not_caught_up_with(front: Front) -> None:
    front.join()
    reader = front.roll.everybody()[-1]
    assert f"{reader.deliver_at:%H:%M}" == "07:30"  # as of everybody who does not say otherwise
    assert due(reader, front.now, catch_up=12 * HOUR) is None
    tomorrow = front.now.date() + timedelta(days=1)
    assert next_day(reader, front.now) == tomorrow
    assert due(reader, slot(tomorrow, reader), catch_up=12 * HOUR) == tomorrow


@pytest.mark.parametrize("address", [GRACE.address, "Grace@Example.org"])
def test_whoever_reads_already_is_told_so_and_where_they_choose(front: Front, address: str) -> None:
    front.apply(address)
    (handed,) = front.look()
    assert parsed(handed)["Subject"] == "You get Paper Round already"
    assert front.link().startswith("/preferences/")
    assert "/confirm/" not in text_of(handed) + text_of(handed, "html")


def test_a_member_is_told_the_same(front: Front) -> None:
    front.join()
    front.apply()
    assert front.look() == []
    front.now += HOUR
    front.apply()
    assert parsed(front.look()[0])["Subject"] == "You get Paper Round already"


def test_whoever_left_may_come_again_and_the_config_still_says_what_they_read(front: Front) -> None:
    front.ledger.suppress(front.number(GRACE.address), "unsubscribed", now=front.now)
    front.join(GRACE.address)
    assert front.ledger.suppressions() == {}
    assert front.roll.everybody() == (GRACE,)


def test_a_member_who_left_may_come_again(front: Front) -> None:
    front.join()
    front.ledger.suppress(front.number(), "unsubscribed", now=front.now)
    front.now += HOUR
    front.join()
    assert front.ledger.suppressions() == {}
    assert front.addresses() == [GRACE.address, ADDRESS]


@pytest.mark.parametrize("cause", [Cause.COMPLAINED, Cause.BOUNCED])
@pytest.mark.parametrize("address", [ADDRESS, GRACE.address])
def test_whoever_complained_or_whose_mail_came_back_gets_nothing(
    front: Front, cause: Cause, address: str
) -> None:
    front.ledger.suppress(front.number(address), "why", cause=cause, now=front.now)
    front.apply(address)
    assert front.look() == front.look(after=HOUR) == []


@pytest.mark.parametrize(
    "address",
    ["papers@example.org", "Bounces@example.org", "postmaster@example.org", "MAILER-DAEMON@example.com"],
)
def test_no_mail_goes_where_it_would_come_back_to_us(front: Front, address: str) -> None:
    assert front.apply(address).status_code == 200
    assert front.look() == []


def test_a_mail_that_is_refused_for_now_is_tried_again(front: Front) -> None:
    faults = [refused(451, "4.7.1 greylisted"), Interrupted("reset"), RelayUnusable("no connection")]
    front.relay.faults[ADDRESS] = list(faults)
    front.apply()
    assert front.look() == []
    assert [len(front.look(after=HOUR)) for _ in range(4)] == [0, 0, 1, 0]
    assert front.confirm().status_code == 200


def test_a_mail_without_a_reply_is_sent_again_for_that_does_no_harm(front: Front) -> None:
    front.relay.faults[ADDRESS] = [Unanswered("timeout")]
    front.apply()
    first, second = (*front.look(), *front.look(after=HOUR))
    assert parsed(first)["Message-ID"] == parsed(second)["Message-ID"]
    assert text_of(first) == text_of(second)


def test_an_address_that_does_not_exist_is_forgotten(front: Front) -> None:
    front.relay.faults[ADDRESS] = [refused(550, "5.1.1 no such user")]
    front.apply()
    assert front.look() == front.look(after=HOUR) == []


def test_a_relay_that_asks_for_a_pause_has_it_from_all_mail(front: Front) -> None:
    front.relay.faults[ADDRESS] = [refused(421, "4.7.0 slow down")]
    front.apply()
    front.now += timedelta(seconds=1)
    front.apply("emmy@example.org")
    assert front.look() == []
    assert front.ledger.pauses("smtp.example.org:587") == 1
    assert len(front.look(after=HOUR)) == 2


def test_a_relay_that_cannot_be_used_is_not_tried_for_each_of_them(front: Front) -> None:
    for name in ("ada", "emmy", "lise"):
        front.apply(f"{name}@example.org")
        front.relay.faults[f"{name}@example.org"] = [RelayUnusable("wrong password")]
    assert front.look() == []
    assert sum(map(len, front.relay.faults.values())) == 2
    assert front.relay.closed


def test_the_mails_keep_to_the_limits_of_the_relay(opened: Open) -> None:
    front = opened(rate=Rate(relay="smtp.example.org:587", per_second=1 / 1800))
    for name in ("ada", "emmy", "lise"):
        front.apply(f"{name}@example.org")
    assert len(front.look()) == 1
    assert front.look(after=29 * MINUTE) == []
    assert len(front.look(after=1 * MINUTE)) == 1


def test_strangers_leave_the_relay_to_the_readers(opened: Open) -> None:
    front = opened(rate=Rate(relay="smtp.example.org:587", per_day=20))
    answers = [front.apply(f"nobody{number}@example.org").status_code for number in range(6)]
    assert answers == [200] * 5 + [429]
    assert len(front.look()) == 5


def test_a_mailbox_gets_no_more_under_many_names(front: Front) -> None:
    for name in ("ada", "ada+1", "ADA+2"):
        front.apply(f"{name}@example.org")
    assert len(front.look()) == 1


def test_the_mail_is_in_the_language_of_whoever_asked_and_so_are_the_letters(front: Front) -> None:
    front.apply(like="de-AT,de;q=0.9,en;q=0.5")
    (handed,) = front.look()
    assert parsed(handed)["Subject"] == "Bestätigen Sie Ihr Abonnement: Paper Round"
    assert "Somebody" not in text_of(handed) + text_of(handed, "html")
    front.confirm()
    assert front.roll.everybody()[-1].language == "de"


def test_a_closed_door_sends_nothing_and_forgets_what_is_too_old(opened: Open) -> None:
    front = opened()
    front.apply()
    closed = opened(is_open=False, now=front.now)
    assert closed.look() == []
    assert closed.look(after=LIFE_OF_A_REQUEST) == []
    assert closed.requests
    assert closed.requests.tidy(now=closed.now) == 0


def test_those_who_joined_stay_when_the_door_is_closed(opened: Open) -> None:
    opened().join()
    assert opened(is_open=False).addresses() == [ADDRESS]


class Hanging(MemoryRelay):
    """A relay that never answers."""

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        del sender, recipient, message, begin_data
        self.closed = False
        await asyncio.Event().wait()
        return ""


def test_a_request_to_stop_does_not_wait_for_a_relay_and_loses_nothing(opened: Open) -> None:
    front = opened(relay=Hanging())
    front.apply()

    async def go() -> None:
        looking = asyncio.create_task(front.joining.look())
        await asyncio.sleep(0.1)
        await asyncio.wait_for(front.joining.rest(), 10)
        await looking

    asyncio.run(go())
    assert len(opened(now=front.now).look(after=HOUR)) == 1


def test_the_log_says_what_happened_without_addresses_keywords_and_links(front: Front) -> None:
    front.relay.faults[ADDRESS] = [refused(451, "4.7.1 <ada@example.org>: greylisted")]
    with structlog.testing.capture_logs() as events:
        front.apply()
        front.look()
        front.look(after=HOUR)
        link = front.link()
        front.confirm()
    assert [each["event"] for each in events] == [
        "subscription.asked",
        "answer.refused",
        "answer.sent",
        "subscription.confirmed",
    ]
    for told in ("LoRA", "diffusion", link.rpartition("/")[2]):
        assert told not in str(events)


def test_whatever_goes_wrong_the_next_look_tries_again(front: Front) -> None:
    front.relay.faults[ADDRESS] = [ValueError("a mistake in the program")]
    front.apply()
    with structlog.testing.capture_logs() as events:
        assert front.look() == []
    assert [each["event"] for each in events if each["log_level"] == "error"] == ["answers.failed"]
    assert len(front.look(after=HOUR)) == 1
