"""Alarms: what whoever runs the service should look at, and what to do about it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Condition(StrEnum):
    """What an alarm may be about."""

    SOURCE = "source_silent"
    VOLUME = "volume_unusual"
    DELIVERIES = "deliveries_failing"
    RELAY = "relay_unusable"
    UNKNOWN = "outcomes_unknown"
    GAP = "round_incomplete"
    CERTIFICATE = "certificate_ending"
    KEY = "key_unverifiable"
    DISK = "disk_low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do about a condition; `section` is where docs/operating.md says more."""

    section: str
    mend: str


Key = tuple[Condition, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """That a condition holds for one subject, in a sentence without an address or a secret."""

    condition: Condition
    subject: str
    sentence: str

    @property
    def key(self) -> Key:
        """What makes it the same alarm, whatever its sentence says by now."""
        return self.condition, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What holds, and of which conditions that cannot be told."""

    alarms: tuple[Alarm, ...]
    open: frozenset[Condition] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is other than before: alarms that are new, and those that are over; and the rest as it is now."""

    raised: tuple[Alarm, ...] = ()
    ended: frozenset[Key] = frozenset()
    standing: tuple[Alarm, ...] = ()


def turn(judgement: Judgement, standing: AbstractSet[Key]) -> Turn:
    """Return what the judgement changes where these alarms stood; what cannot be told stays as it is."""
    hold = {alarm.key for alarm in judgement.alarms}
    return Turn(
        raised=tuple(alarm for alarm in judgement.alarms if alarm.key not in standing),
        ended=frozenset(key for key in standing - hold if key[0] not in judgement.open),
        standing=tuple(alarm for alarm in judgement.alarms if alarm.key in standing),
    )


# Of these, nothing is wrong yet.
NOTES = frozenset({Condition.VOLUME, Condition.CERTIFICATE})

ADVICE: Mapping[Condition, Advice] = MappingProxyType(
    {
        Condition.SOURCE: Advice(
            section="A source is silent",
            mend="look whether it answers in a browser; `paperround fetch` asks it again",
        ),
        Condition.VOLUME: Advice(
            section="An unusual number of papers",
            mend="look at the source's own page of that day; nothing has to be done where it says the same",
        ),
        Condition.DELIVERIES: Advice(
            section="Letters fail",
            mend="`paperround log --status failed` shows what the servers answered",
        ),
        Condition.RELAY: Advice(
            section="The relay takes nothing",
            mend="`paperround check --online` tries it; mend it, then `paperround send --now`",
        ),
        Condition.UNKNOWN: Advice(
            section="Outcomes are unknown",
            mend="`paperround log --status unknown` shows which; look for them in the relay's log, then "
            "`paperround resolve ID sent`, `resend` or `skip`",
        ),
        Condition.GAP: Advice(
            section="A round is incomplete",
            mend="`paperround send --date` with its day does what is missing",
        ),
        Condition.CERTIFICATE: Advice(
            section="A certificate ends",
            mend="whoever runs the relay has to renew it; without a valid one no mail leaves",
        ),
        Condition.KEY: Advice(
            section="A key cannot be verified",
            mend="`paperround check --online` shows the record that the DNS should hold",
        ),
        Condition.DISK: Advice(
            section="The disk is nearly full",
            mend="make room: what cannot be recorded is not sent",
        ),
    }
)
