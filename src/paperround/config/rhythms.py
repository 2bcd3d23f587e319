"""How `subscribers.yaml` says how often somebody's digest comes, and when none does."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from paperround.config.forms import Day, Form
from paperround.config.problems import Wrong, did_you_mean, quoted
from paperround.preferences import LONGEST_PAUSE
from paperround.subscribers import EVERY_DAY, Cadence, most_every

MOST_TIMES_AWAY = 50


class EveryForm(Form):
    """One of so many of the days that `days` names."""

    model_config = ConfigDict(title="Every")

    every: Annotated[int, Field(ge=2, le=most_every(EVERY_DAY))]
    """Of how many of these days one brings a digest: the third of 3 weekdays, the second of 2 Mondays."""
    since: Annotated[Day | None, Field(alias="from")] = None
    """A day to count from, in both directions, such as 2026-07-06; left out, any."""


def _word_or_every(value: object) -> Cadence | EveryForm:
    """Read daily, weekly, or one of so many days."""
    if isinstance(value, dict):
        return EveryForm.model_validate(value)
    if isinstance(value, str) and value in [*Cadence]:
        return Cadence(value)
    written = quoted(value) if isinstance(value, str) else "this"
    choices = "write daily, weekly, or {every: 3}"
    mend = did_you_mean(value, [*Cadence], otherwise=choices) if isinstance(value, str) else choices
    raise Wrong(f"{written} cannot be chosen here", mend)


Often = Annotated[
    Cadence | EveryForm,
    PlainValidator(_word_or_every, json_schema_input_type=Literal["daily", "weekly"] | EveryForm),
]


class AwayForm(Form):
    """A time without mail."""

    model_config = ConfigDict(title="Away")

    first: Annotated[Day, Field(alias="from")]
    """The first day without mail, such as 2026-07-01."""
    until: Day
    """The day that brings mail again, such as 2026-07-14."""

    @model_validator(mode="after")
    def _is_a_time(self) -> Self:
        if self.until <= self.first:
            mend = "`until` is the day that brings mail again, and comes after `from`"
            raise Wrong("nobody is away for no time at all", mend, at=("until",))
        if self.until - self.first > LONGEST_PAUSE:
            mend = "write paused: true where no end is known"
            raise Wrong(f"nobody is away for more than {LONGEST_PAUSE.days} days", mend, at=("until",))
        return self


def _listed(value: object) -> object:
    """Return one time as a list of one."""
    return [value] if isinstance(value, dict) else value


TimesAway = Annotated[
    list[AwayForm],
    BeforeValidator(_listed, json_schema_input_type=AwayForm | list[AwayForm]),
    Field(max_length=MOST_TIMES_AWAY),
]
