"""subscribers add, pause, resume, remove: edits of subscribers.yaml that keep its comments."""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, FAILED, USAGE, ConfigOption, date_option
from paperround.cli.subscribers import everybody, pause_of, readmission, subscribers
from paperround.clock import local_day
from paperround.config import Loaded, addresses, editing
from paperround.config.problems import Wrong
from paperround.config.replacing import Edit, EditProblem, Refused, edited, found
from paperround.phrases import full_day
from paperround.settings import Settings
from paperround.standing import State
from paperround.store import open_store
from paperround.subscribers import Away, Subscriber

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS")]


@subscribers.command()
def add(
    address: AddressArgument,
    keyword: Annotated[
        list[str] | None, typer.Option(help="A word, a phrase or a sentence; again for more.")
    ] = None,
    author: Annotated[list[str] | None, typer.Option(help="Whose papers to show in any case.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="A category of arXiv, such as cs.RO.")] = None,
    name: Annotated[str | None, typer.Option(help="Who it is, for whoever reads the file.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None,
    deliver_at: Annotated[str | None, typer.Option(help='The time of day there, such as "07:30".')] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Add a subscriber at the end of subscribers.yaml; what else can be said of them is written there."""
    address = _plain(address)
    said = {
        "email": address,
        "name": name,
        "timezone": timezone,
        "deliver_at": deliver_at,
        "keywords": keyword,
        "authors": author,
        "categories": category,
    }
    entry = {key: value for key, value in said.items() if value}

    def edit(now: Loaded, text: str) -> Edit:
        if found(now.settings, address):
            line = now.readers.line(("subscribers", _index(now.settings, address), "email"))
            frame.wrong_call(f"{address} subscribes on line {line} of {now.readers.file} already")
        return Edit(about=address, text=editing.added(text, entry), holds=lambda it: it is not None)

    after = after_edit(config, edit)
    line = after.readers.line(("subscribers", len(after.settings.subscribers) - 1))
    frame.tell(f"{address} is added, on line {line} of {after.readers.file}.")
    _tell_of_silence(after.settings, address)


@subscribers.command()
def pause(
    address: AddressArgument,
    first: Annotated[
        datetime | None, date_option("The first day without mail; today if left out.", "--from")
    ] = None,
    until: Annotated[
        datetime | None, date_option("The day that brings mail again; none if left out.", "--until")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send a subscriber nothing, until further notice or for some time; their entry stays."""
    if until is not None:
        _leave(config, address, first.date() if first else None, until.date())
        return
    if first is not None:
        frame.wrong_call("--from needs --until, the day that brings mail again")
    _turned(
        config,
        address,
        lambda text, index, _: editing.paused(text, index),
        lambda before: replace(before, paused=True),
    )
    frame.tell(f"{address} is paused and gets nothing until `paperround subscribers resume {address}`.")


@subscribers.command()
def resume(address: AddressArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Send mail again to a subscriber who is paused in subscribers.yaml; a time that is to come stays."""

    def later(before: Subscriber) -> tuple[Away, ...]:
        return tuple(away for away in before.away if not away.holds(local_day(before, utc_now())))

    def turn(text: str, index: int, before: Subscriber) -> str:
        text = editing.resumed(text, index)
        return text if later(before) == before.away else editing.away(text, index, later(before))

    after = _turned(config, address, turn, lambda before: replace(before, paused=False, away=later(before)))
    frame.tell(f"{address} is not paused in {after.readers.file}.")
    _tell_of_silence(after.settings, address)


@subscribers.command()
def remove(address: AddressArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take a subscriber out of subscribers.yaml, with the comments of their entry; or end a subscription."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        if not found(settings, address) and store.members.remove(address):
            frame.tell(f"{address}, who had subscribed by themselves, is no subscriber any more.")
            return

        def edit(now: Loaded, text: str) -> Edit:
            text = editing.removed(text, _index(now.settings, address))
            return Edit(about=address, text=text, holds=lambda it: it is None)

        after = after_edit(config, edit)
        store.members.remove(address)  # only now: where the edit is refused, nothing changes
    frame.tell(f"{address} is no longer in {after.readers.file}.")


def _leave(config: Path, address: str, first: date | None, until: date) -> None:
    """Enter a time for which a subscriber is away, beside those that stand there already."""

    def times(before: Subscriber) -> tuple[Away, ...]:
        today = local_day(before, utc_now())
        if until <= max(today, first or today):
            frame.wrong_call(f"--until is to be a day after {max(today, first or today)}")
        return tuple(sorted({*before.away, Away(first=first or today, until=until)}, key=lambda it: it.first))

    after = _turned(
        config,
        address,
        lambda text, index, before: editing.away(text, index, times(before)),
        lambda before: replace(before, away=times(before)),
    )
    begins = "" if first is None else f" from {full_day(first)}"
    frame.tell(f"{address} is away{begins} until {full_day(until)}, in {after.readers.file}.")


Turn = Callable[[str, int, Subscriber], str]


def _turned(config: Path, address: str, turn: Turn, become: Callable[[Subscriber], Subscriber]) -> Loaded:
    """Make of a subscriber what they are to `become`, and return the config as it then is."""

    def edit(now: Loaded, text: str) -> Edit:
        index = _index(now.settings, address)
        before = now.settings.subscribers[index]
        wanted = become(before)
        return Edit(
            about=address,
            text=text if before == wanted else turn(text, index, before),
            holds=lambda it: it == wanted,
        )

    return after_edit(config, edit)


def after_edit(config: Path, edit: Callable[[Loaded, str], Edit], *, rehearsal: bool = False) -> Loaded:
    """Return the config after an edit, or end the command where there can be none."""
    try:
        after = edited(config, os.environ, edit, rehearsal=rehearsal)
    except Refused as refused:
        frame.say("paperround: nothing was changed, for this could not be used:")
        for problem in refused.problems:
            frame.say(str(problem))
        raise typer.Exit(USAGE) from None
    except EditProblem as problem:
        frame.say(f"paperround: {problem}")
        raise typer.Exit(FAILED) from None
    for warning in after.warnings:
        frame.say(f"warning: {warning}")
    return after


def _plain(address: str) -> str:
    try:
        return addresses.address(address)
    except Wrong as wrong:
        frame.wrong_call("; ".join(filter(None, (wrong.message, wrong.mend))))


def _index(settings: Settings, address: str) -> int:
    """Return the place of the subscriber with this address, or end the command where there is none."""
    (subscriber,) = frame.chosen(settings.subscribers, address)
    return settings.subscribers.index(subscriber)


def _tell_of_silence(settings: Settings, address: str) -> None:
    """Say it where somebody gets nothing all the same, for a reason that is not in the config."""
    with closing(open_store(settings.store)) as store:
        readers = everybody(settings, store, now=utc_now())
        members = {each.address.casefold() for each in store.members.all()}
    if address.casefold() in members:
        frame.say(
            f"warning: {address} had subscribed by themselves; what the file says holds in place of that, "
            f"and `paperround subscribers remove {address}` ends both"
        )
    here = next(each for each in readers if each.address.casefold() == address.casefold())
    if here.suppression is not None:
        frame.say(f"warning: {address} {'; '.join(readmission(here.address, here.suppression))}")
    elif here.state is State.PAUSED_BY_READER:
        frame.say(
            f"warning: {address} is {pause_of(here)}; `paperround preferences forget {address}` ends that"
        )
