from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from paperround.keywords import exclusion, keyword
from paperround.languages import Language
from paperround.ports import Member, RequestId, SubscriberId, Wish
from paperround.roll import Roll
from paperround.subscribers import Interests, Subscriber

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
NEWCOMER = Subscriber(
    address="",
    timezone=LONDON,
    deliver_at=time(7, 30),
    max_papers=3,
    interests=Interests(keywords=(keyword("everything"),), exclude=(exclusion("survey"),)),
)
ADA = Subscriber(address="ada@example.org", timezone=LONDON, deliver_at=time(7))


@dataclass
class Known:
    """Members that the test names."""

    members: Sequence[Member] = ()

    def all(self) -> Sequence[Member]:
        return self.members

    def confirm(
        self, request: RequestId, *, network: bytes, joins: bool, now: datetime
    ) -> SubscriberId | None:
        raise NotImplementedError

    def remove(self, address: str) -> bool:
        raise NotImplementedError

    def forget(self, address: str, *, now: datetime) -> bool:
        raise NotImplementedError


def member(address: str, *keywords: str, zone: ZoneInfo | None = None, at: time | None = None) -> Member:
    wish = Wish(keywords=keywords, language=Language.GERMAN, timezone=zone, deliver_at=at)
    return Member(
        subscriber=SubscriberId(1),
        address=address,
        wish=wish,
        asked_at=NOON,
        confirmed_at=NOON,
        network=b"",
    )


def roll(*members: Member) -> Roll:
    return Roll([ADA], Known(members), newcomer=NEWCOMER)


def test_a_member_reads_as_the_defaults_say_with_keywords_of_their_own() -> None:
    everybody = roll(member("grace@example.org", "LoRA")).everybody()
    interests = Interests(keywords=(keyword("LoRA"),), exclude=NEWCOMER.interests.exclude)
    german = replace(NEWCOMER, address="grace@example.org", language=Language.GERMAN, joined_at=NOON)
    assert everybody == (ADA, replace(german, interests=interests))


def test_a_member_may_have_a_clock_of_their_own() -> None:
    (_, grace) = roll(member("grace@example.org", "LoRA", zone=BERLIN, at=time(0))).everybody()
    assert (grace.timezone, grace.deliver_at) == (BERLIN, time(0))


def test_whoever_is_in_the_config_reads_what_it_says() -> None:
    both = roll(member("Ada@example.org", "LoRA"))
    assert both.everybody() == (ADA,)
    assert both.arranges("ADA@example.org")
    assert not both.arranges("grace@example.org")


def test_what_is_no_keyword_any_more_is_left_out() -> None:
    (_, grace, emmy) = roll(
        member("grace@example.org", "LoRA", "…"), member("emmy@example.org", "…")
    ).everybody()
    assert grace.interests.keywords == (keyword("LoRA"),)
    assert emmy.interests == NEWCOMER.interests


def test_everybody_is_the_same_object_until_somebody_joins_or_leaves() -> None:
    known = Known()
    changing = Roll([ADA], known, newcomer=NEWCOMER)
    one = changing.everybody()
    assert changing.everybody() is one
    known.members = (member("grace@example.org", "LoRA"),)
    two = changing.everybody()
    assert [each.address for each in two] == [ADA.address, "grace@example.org"]
    assert changing.everybody() is two
    known.members = ()
    assert changing.everybody() == one
