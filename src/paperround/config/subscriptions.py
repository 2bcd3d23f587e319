"""What `subscribers.yaml` may say, and the subscribers it stands for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from paperround.config import addresses
from paperround.config.fitting import Sheet
from paperround.config.forms import (
    Address,
    Category,
    Clock,
    Days,
    Form,
    Interest,
    Text,
    Zone,
    without_nulls,
)
from paperround.config.problems import KeyPath, Wrong, quoted
from paperround.config.rhythms import AwayForm, EveryForm, Often, TimesAway
from paperround.keywords import Keyword, exclusion, keyword
from paperround.languages import Language
from paperround.settings import Mailbox
from paperround.subscribers import (
    LONGEST_GAP,
    MOST_PAPERS,
    WEEKDAYS,
    Away,
    Cadence,
    Every,
    Interests,
    Subscriber,
    WhenEmpty,
    most_every,
)

HEAVIEST = 100
NEVER_READERS = frozenset({"postmaster", "mailer-daemon"})


def _says_either_or(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": ["term"]}, {"required": ["all"]}]
    without_nulls(schema)


class ExclusionForm(Form):
    """What a reader does not want to see: a word or a phrase, or several that must all occur."""

    term: Text | None = None
    """A word or a phrase."""
    all: Annotated[list[Text], Field(min_length=1, max_length=10)] | None = None
    """Words or phrases that must all occur, anywhere in the paper."""

    model_config = ConfigDict(title="Exclusion", json_schema_extra=_says_either_or)

    @model_validator(mode="after")
    def _is_a_keyword(self) -> Self:
        if (self.term is None) == (self.all is None):
            raise Wrong(
                "either `term` or `all` is expected here", "write {term: LoRA} or {all: [planning, LLM]}"
            )
        _ = self.keyword
        return self

    @cached_property
    def keyword(self) -> Keyword:
        """What this stands for."""
        return exclusion(*self._phrases())

    def _phrases(self) -> tuple[str, ...]:
        return (self.term,) if self.term is not None else tuple(self.all or ())


class KeywordForm(ExclusionForm):
    """What a reader wants to see: a word or a phrase, or several that must all occur."""

    model_config = ConfigDict(title="Keyword")

    term: Interest | None = None
    """A word, a phrase, or a sentence that says what to look for."""
    weight: Annotated[float, Field(gt=0, le=HEAVIEST, allow_inf_nan=False)] = 1.0
    """How much it counts beside the others, 1 if left out."""

    at_most: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many papers of a digest may be there for this above all; no limit if left out."""

    @cached_property
    def keyword(self) -> Keyword:
        """What this stands for."""
        return replace(keyword(*self._phrases(), weight=self.weight), at_most=self.at_most)


def _spelled_out(value: object) -> object:
    """Return a keyword that is a text, or another scalar, as a mapping."""
    if value is None:
        return value
    if isinstance(value, dict):
        if len(value) == 1 and not value.keys() & {"term", "all", "weight", "at_most"}:
            (name,) = value
            mend = "write {term: LoRA, weight: 3}, or put a text with a colon in quotation marks"
            raise Wrong(f"{quoted(name)} is no key of a keyword", mend)
        return value
    return value if isinstance(value, Form) else {"term": value}


class PreferencesForm(Form):
    """What can be said for one subscriber, or for all of them under `defaults`."""

    keywords: list[
        Annotated[KeywordForm, BeforeValidator(_spelled_out, json_schema_input_type=Interest | KeywordForm)]
    ] = Field(default=[])
    """What to look for: phrases, {term: LoRA, weight: 3}, {all: [planning, LLM]}."""
    exclude: list[
        Annotated[ExclusionForm, BeforeValidator(_spelled_out, json_schema_input_type=Text | ExclusionForm)]
    ] = Field(default=[])
    """What to leave out, whatever else a paper has."""
    authors: list[Text] = Field(default=[])
    """Whose papers to show in any case."""
    categories: list[Category] = Field(default=[])
    """arXiv categories that count as an interest, such as cs.RO."""
    organizations: list[Text] = Field(default=[])
    """Organizations that count as an interest, as Hugging Face names them."""
    min_relevance: Annotated[float, Field(ge=0, le=1)] = 0.2
    """From 0 (everything that matches) to 1: fewer papers on a quiet day, not worse ones."""
    variety: Annotated[float, Field(ge=0, le=1)] = 0.3
    """From 0 (the most relevant papers, however alike) to 1 (no second on a topic while there are others)."""
    trending: Annotated[int, Field(ge=0, le=50)] = 0
    """Places for what everybody reads, outside the keywords."""
    updates: bool = False
    """Whether later versions of papers that came before come too, once each."""
    images: bool = False
    """Whether pictures of papers are shown; their host learns when the mail is opened."""
    when_empty: Literal["nothing", "note"] = "nothing"
    """What comes on a day without a paper: nothing, or a note with the reason."""
    max_papers: Annotated[int, Field(ge=1, le=MOST_PAPERS)] = 10
    """How many papers a digest shows, at most."""
    cadence: Annotated[Often, Field(json_schema_extra={"default": "daily"})] = Cadence.DAILY
    """daily (each of `days`), weekly (needs one day), or {every: 3} (one of 3 of `days`)."""
    days: Annotated[Days, Field(json_schema_extra={"default": "weekdays"})] = WEEKDAYS
    """weekdays, daily, or days such as [mon, thu]."""
    deliver_at: Annotated[Clock, Field(json_schema_extra={"default": "07:00"})] = time(7)
    """The time of day on the subscriber's own clock, such as "07:30"."""
    timezone: Annotated[Zone, Field(json_schema_extra={"default": "UTC"})] = ZoneInfo("UTC")
    """The subscriber's time zone, such as Europe/Berlin."""
    language: Literal["en", "de"] = "en"
    """The language that the mails are written in; papers stay in theirs."""


class DefaultsForm(PreferencesForm):
    """What holds for every subscriber who does not say otherwise."""

    model_config = ConfigDict(title="Defaults")


class SubscriberForm(PreferencesForm):
    """A reader. What is said here replaces what `defaults` says."""

    model_config = ConfigDict(title="Subscriber")

    email: Address
    """The address, and nothing but the address."""
    name: Text | None = None
    """Who it is, for whoever reads this file; no mail shows it."""
    paused: bool = False
    """No mail until further notice."""
    away: TimesAway = Field(default=[])
    """No mail from a day until another: {from: 2026-07-01, until: 2026-07-14}, or a list of such times."""


class SubscribersForm(Form):
    """Who gets what, and when."""

    model_config = ConfigDict(title="subscribers.yaml")

    defaults: DefaultsForm = Field(default_factory=DefaultsForm)
    """What holds for every subscriber who does not say otherwise."""
    subscribers: list[SubscriberForm]
    """The readers."""


class _Outline(Form):
    """The keys of the file; what stands behind them is read piece by piece."""

    defaults: Any = None
    subscribers: Any


def read(sheet: Sheet, *, sender: Mailbox | None, bounces: str | None = None) -> tuple[Subscriber, ...]:
    """Return the subscribers that can be read, after noting what is wrong with the others."""
    sheet.fit(_Outline)
    here: KeyPath = ("defaults",)
    said = sheet.mapping(()).get("defaults") is not None
    defaults = sheet.fit(DefaultsForm, here) if said else DefaultsForm()
    if sheet.mapping(()).get("subscribers") == []:
        sheet.warn(("subscribers",), "nobody subscribes", "add somebody to subscribers.yaml")
    loops = {sender.address.casefold(): _FROM_LOOP} if sender else {}
    if bounces:
        loops.setdefault(bounces.casefold(), _BOUNCES_LOOP)
    return tuple(_subscribers(sheet, defaults, loops))


def newcomer(sheet: Sheet, *, may_come: bool) -> Subscriber | None:
    """Return how somebody reads of whom nothing is said but the defaults; None where these do not fit.

    That they do not is noted by `read`. What matters for newcomers alone is noted here, if any `may_come`.
    """
    try:
        defaults = DefaultsForm.model_validate(sheet.mapping(("defaults",)))
    except ValidationError:
        return None
    if may_come and defaults.cadence == "weekly" and len(defaults.days) != 1:
        mend = "write one day, such as days: [mon]"
        days = f"and for whoever subscribes by themselves there are {len(defaults.days)}"
        sheet.problem(("defaults", "cadence"), f"weekly needs one day, {days}", mend)
    said = {name: getattr(defaults, name) for name in DefaultsForm.model_fields}
    return _subscriber(SubscriberForm.model_construct(email="", **said))


Loops = Mapping[str, tuple[str, str]]  # by an address of ours: what mail to it would do, and the mend

_FROM_LOOP = (
    "the mails are sent from this address: its answers and bounces would go round in circles",
    "give `from` an address of its own, such as papers@ your domain",
)
_BOUNCES_LOOP = (
    "mail comes back to this address: it would go round in circles",
    "give bounces.address an address that nobody reads papers at",
)


def _subscribers(sheet: Sheet, defaults: DefaultsForm | None, loops: Loops) -> Iterator[Subscriber]:
    inherited = {name: getattr(defaults, name) for name in defaults.model_fields_set} if defaults else {}
    seen: dict[str, KeyPath] = {}
    for path in sheet.items(("subscribers",)):
        _check_address(sheet, path, loops, seen)
        own = sheet.fit(SubscriberForm, path)
        if own is None:
            continue
        update = {name: value for name, value in inherited.items() if name not in own.model_fields_set}
        form = own.model_copy(update=update)
        if defaults:
            _check_together(sheet, path, form)
        yield _subscriber(form)


def _check_address(sheet: Sheet, path: KeyPath, loops: Loops, seen: dict[str, KeyPath]) -> None:
    """Note an address that stands there twice, or that would send our own mail back to us."""
    here = (*path, "email")
    written = sheet.mapping(path).get("email")
    if not isinstance(written, str):
        return
    try:
        address = addresses.address(written).casefold()
    except Wrong:
        return
    first = seen.setdefault(address, here)
    if first is not here:
        again = f"{quoted(written)} subscribes on line {sheet.document.line(first)} already"
        sheet.problem(here, again, "keep one of the two")
    if address in loops:
        sheet.problem(here, *loops[address])
    if address.partition("@")[0] in NEVER_READERS:
        sheet.problem(
            here, "bounces come from this address: mail to it could go round in circles", "name a person"
        )


def _check_together(sheet: Sheet, path: KeyPath, form: SubscriberForm) -> None:
    """Note what is wrong with the parts of one subscriber beside each other."""
    if isinstance(form.cadence, EveryForm) and form.cadence.every > (most := most_every(form.days)):
        problem = f"a digest holds {LONGEST_GAP.days} days at most, and `days` names {len(form.days)} a week"
        sheet.problem((*path, "cadence", "every"), problem, f"write {most} or less")
    if form.cadence is Cadence.WEEKLY and len(form.days) != 1:
        mend = "write one day, such as days: [mon]"
        sheet.problem((*path, "cadence"), f"weekly needs one day, and `days` names {len(form.days)}", mend)
    _check_apart(sheet, (*path, "away"), form.away)
    wanted = (form.keywords, form.authors, form.categories, form.organizations, form.trending)
    if not any(wanted):
        mend = "add keywords, authors, categories or organizations, or places for trending papers"
        sheet.problem(path, "this subscriber has no interests, so nothing would ever come", mend)
    for key, keywords in (("keywords", form.keywords), ("exclude", form.exclude)):
        seen: dict[frozenset[str], KeyPath] = {}
        for index, each in enumerate(keywords):
            here = (*path, key, index)
            first = seen.setdefault(frozenset(each.keyword.phrases), here)
            if first is not here:
                again = f"the same keyword stands on line {sheet.document.line(first)} already"
                sheet.problem(here, again, "keep one of the two")


def _check_apart(sheet: Sheet, path: KeyPath, away: Sequence[AwayForm]) -> None:
    """Note a time that begins before another is over."""
    in_order = sorted(enumerate(away), key=lambda each: each[1].first)
    for (one, before), (other, after) in pairwise(in_order):
        if after.first < before.until:
            line = sheet.document.line((*path, one))
            problem = f"this begins before the time on line {line} is over, which ends on {before.until}"
            sheet.problem((*path, other), problem, "make one of the two")


def _every(form: SubscriberForm) -> Every | None:
    if not isinstance(form.cadence, EveryForm) or form.cadence.every > most_every(form.days):
        return None
    return Every(number=form.cadence.every, since=form.cadence.since or date.min)


def _subscriber(form: SubscriberForm) -> Subscriber:
    return Subscriber(
        address=form.email,
        name=form.name or "",
        interests=Interests(
            keywords=tuple(each.keyword for each in form.keywords),
            exclude=tuple(each.keyword for each in form.exclude),
            authors=tuple(dict.fromkeys(form.authors)),
            categories=tuple(dict.fromkeys(form.categories)),
            organizations=tuple(dict.fromkeys(form.organizations)),
        ),
        language=Language(form.language),
        timezone=form.timezone,
        deliver_at=form.deliver_at,
        days=form.days,
        cadence=Cadence.DAILY if isinstance(form.cadence, EveryForm) else form.cadence,
        every=_every(form),
        max_papers=form.max_papers,
        min_relevance=form.min_relevance,
        variety=form.variety,
        trending=form.trending,
        updates=form.updates,
        images=form.images,
        when_empty=WhenEmpty(form.when_empty),
        paused=form.paused,
        away=tuple(
            Away(first=each.first, until=each.until)
            for each in sorted(form.away, key=lambda away: away.first)
        ),
    )
