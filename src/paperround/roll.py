"""Who reads: those of the config, and those who joined by themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paperround.keywords import Keyword, keyword
from paperround.ports import Member, Members
from paperround.subscribers import Interests, Subscriber


class Roll:
    """All readers there are: `arranged` by the config, and the members.

    Of whom both know, the config says what they read. What a member did not say is as of `newcomer`.
    """

    def __init__(self, arranged: Sequence[Subscriber], members: Members, *, newcomer: Subscriber) -> None:
        self.newcomer = newcomer
        self._arranged, self._members = tuple(arranged), members
        self._known: tuple[Sequence[Member], tuple[Subscriber, ...]] = ((), self._arranged)
        self._names = frozenset(each.address.lower() for each in arranged)

    def everybody(self) -> tuple[Subscriber, ...]:
        """Return all readers there are now: the same object for as long as nothing has changed."""
        known, members = self._known, self._members.all()
        if known[0] is not members and known[0] != members:
            joined = (self._joined(each) for each in members if not self.arranges(each.address))
            known = members, (*self._arranged, *joined)
            self._known = known
        return known[1]

    def arranges(self, address: str) -> bool:
        """Return whether the config says what whoever has this address reads."""
        return address.lower() in self._names

    def _joined(self, member: Member) -> Subscriber:
        wish, newcomer = member.wish, self.newcomer
        return replace(
            newcomer,
            address=member.address,
            language=wish.language,
            interests=_wished(newcomer.interests, wish.keywords),
            timezone=wish.timezone or newcomer.timezone,
            deliver_at=wish.deliver_at or newcomer.deliver_at,
            joined_at=member.confirmed_at,
        )


def _wished(interests: Interests, typed: Sequence[str]) -> Interests:
    keywords = tuple(_keywords(typed))
    return replace(interests, keywords=keywords) if keywords else interests


def _keywords(typed: Sequence[str]) -> Iterator[Keyword]:
    """Yield what was typed as keywords, but for what another version than this took for one."""
    for each in typed:
        try:
            yield keyword(each)
        except ValueError:
            continue
