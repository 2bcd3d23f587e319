"""fetch, send and serve: the work itself."""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

import structlog
import typer
from rich.markup import escape
from rich.table import Table

from paperround import logs, probing
from paperround.alarming import Alarming
from paperround.app import leadership_of, monitor_of, relay_of
from paperround.batches import BatchRecord, BatchState
from paperround.cli import frame
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    DateOption,
    Format,
    FormatOption,
    JsonOption,
    app,
)
from paperround.composing import plans
from paperround.config import load, load_web
from paperround.config.environment import secret_files
from paperround.desk import Desk
from paperround.following import Following
from paperround.name_service import NameService
from paperround.observing import Observing
from paperround.phrases import counted, full_day
from paperround.pipeline import Round, run
from paperround.ports import DeliveryRecord, Plan, Status, StoreError
from paperround.preparing import collected
from paperround.service import PortProblem, listening
from paperround.service import serve as run_service
from paperround.settings import Settings
from paperround.store import open_store

RECENT = timedelta(minutes=15)  # what a source gave so recently is not asked for again by `send`
MOST_LINES = 50  # subscribers listed one by one
AT_ONCE = timedelta(0)
STORE_AWAY = timedelta(seconds=5)

log = structlog.get_logger()
PATIENCE = timedelta(minutes=5)  # for a turn at the relay, or for another process that delivers


@app.command()
def fetch(
    date: DateOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Pull papers into the store, and say for each source what came."""
    settings = frame.settings_of(config)
    day = frame.day_of(date, settings.subscribers)

    async def work(desk: Desk) -> tuple[BatchRecord, ...]:
        return await collected(day, desk, max_age=AT_ONCE)

    batches = frame.at_desk(settings, work)
    if frame.wants_json(form, json_flag=json):
        frame.answer([_batch(each) for each in batches])
    else:
        tell_batches(batches)
    if any(batch.state is BatchState.FAILED for batch in batches):
        raise typer.Exit(FAILED)


@app.command()
def send(
    date: DateOption = None,
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only this subscriber.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent; plan and send nothing.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for the end of a relay's pause.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Do one round now. Doing it again changes nothing, but tries again what was put off."""
    settings = frame.settings_of(config)
    as_json = frame.wants_json(form, json_flag=json)
    if dry_run:
        _rehearse(settings, date, to, as_json=as_json)
        return

    async def work(desk: Desk) -> tuple[Round, Sequence[DeliveryRecord]]:
        subscribers = frame.chosen(desk.subscribers, to)
        day = frame.day_of(date, subscribers)
        if now:
            await asyncio.to_thread(desk.ledger.resume, desk.rate.relay)
        outcome = await run(
            day,
            subscribers,
            desk,
            max_age=RECENT,
            retry=True,
            alone=to is not None,
            patience=PATIENCE,
        )
        many = outcome.subscribers > MOST_LINES
        return outcome, () if many else desk.ledger.rows(day=day, address=to)

    outcome, rows = frame.at_desk(settings, work)
    if as_json:
        frame.answer(tally(outcome))
        for batch in outcome.batches:
            if batch.state is BatchState.FAILED:
                frame.say(f"paperround: {batch.source}, {full_day(batch.day)}: {batch.reason}")
    else:
        _tell_round(outcome, rows)
    if not _went_well(outcome):
        raise typer.Exit(FAILED)


def _went_well(outcome: Round) -> bool:
    """Say what is wrong with a round, and return whether nothing is."""
    if outcome.stopped:
        frame.say(f"paperround: the delivery stopped early: {outcome.stopped}")
    silent = bool(outcome.batches) and all(each.state is BatchState.FAILED for each in outcome.batches)
    if silent:
        frame.say("paperround: no source answered")
    if not outcome.balances:
        frame.say("paperround: the round does not balance: somebody has no row in the ledger")
    _tell_trouble(outcome.trouble)
    unwell = silent or outcome.stopped or outcome.trouble or not outcome.balances
    return not unwell and not any(outcome.tally.get(status) for status in _UNFINISHED)


@app.command()
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the service: everybody's digest at their hour, the pages that mails lead to, and health."""
    logs.configure(logging.INFO)
    settings = frame.settings_of(config)
    secrets = secret_files(os.environ)
    following = Following(settings, config, lambda: load(config, os.environ).settings, beside=secrets)
    request = frame.StopRequest()
    try:
        with (
            listening(settings.web) as door,
            closing(open_store(settings.store)) as store,
            closing(leadership_of(settings, store)) as leadership,
        ):
            monitor, observing = monitor_of(store), Observing(NameService())
            alarming = Alarming(store.alarms, observing)

            async def work(desk: Desk) -> bool:
                return await run_service(desk, monitor, following, alarming, door, leadership)

            goes_on = True
            # Each config has its time, and so has leading; in between, whoever knocks waits at the door.
            while goes_on and not request.made:
                settings = following.settings
                relay = monitor.measured(relay_of(settings, noticed=observing.noticed))
                try:
                    goes_on = frame.at_desk(settings, work, store=store, relay=relay, request=request)
                except StoreError as error:  # it was there, and a server comes back
                    log.error("service.waits", reason=str(error))  # noqa: TRY400 - the reason is enough
                    time.sleep(STORE_AWAY.total_seconds())
    except PortProblem as error:
        frame.say(f"paperround: {error}")
        raise typer.Exit(FAILED) from None


@app.command()
def health(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Ask the running service whether it is well."""
    try:
        answer = probing.ask(load_web(config, os.environ))
    except probing.NoAnswer as error:
        frame.say(f"paperround: {error}")
        raise typer.Exit(FAILED) from None
    frame.tell(answer.text)
    if not answer.well:
        raise typer.Exit(FAILED)


def tally(outcome: Round) -> dict[str, object]:
    """Return a round in numbers, as scripts read it."""
    count = outcome.tally.get
    return {
        "day": outcome.day.isoformat(),
        "subscribers": outcome.subscribers,
        **{status.value: count(status, 0) for status in _REPORTED},
        "pending": count(Status.PLANNED, 0) + count(Status.SENDING, 0),
    }


def tell_batches(batches: Sequence[BatchRecord]) -> None:
    """Say what came from each source."""
    days = [batch.day for batch in batches]
    table = Table(box=None, show_header=False, pad_edge=False)
    for batch in batches:
        if batch.state is BatchState.QUIET and batch.day != max(days):
            continue  # that an earlier list is empty is no news
        count = f"{counted(batch.papers, 'paper')}, {batch.new} new" if batch.papers else ""
        table.add_row(
            escape(batch.source), full_day(batch.day), batch.state.value, count, escape(batch.reason)
        )
    frame.out.print(table)


_REPORTED = (
    Status.SENT,
    Status.DEFERRED,
    Status.FAILED,
    Status.SUPPRESSED,
    Status.QUIET,
    Status.UNKNOWN,
)
_UNFINISHED = (Status.DEFERRED, Status.FAILED, Status.UNKNOWN, Status.PLANNED, Status.SENDING)


def _batch(record: BatchRecord) -> dict[str, object]:
    return {
        "source": record.source,
        "day": record.day.isoformat(),
        "state": record.state.value,
        "papers": record.papers,
        "new": record.new,
        "reason": record.reason,
    }


def _tell_round(outcome: Round, rows: Sequence[DeliveryRecord]) -> None:
    if outcome.batches:
        tell_batches(outcome.batches)
        frame.tell()
    if rows:
        table = Table(box=None, show_header=False, pad_edge=False)
        for row in rows:
            papers = counted(len(row.picks), "paper") if row.picks else ""
            reason = f"{row.reason}: {row.reply}" if row.reason and row.reply else row.reason
            said = "; ".join(part for part in (reason, row.remark) if part)
            table.add_row(escape(row.subscriber), row.status.value, papers, escape(said))
        frame.out.print(table)
        frame.tell()
    if not outcome.subscribers:
        frame.tell("Nobody subscribes; add somebody to subscribers.yaml.")
        return
    counts = ", ".join(f"{count} {status.value}" for status, count in outcome.tally.items() if count)
    frame.tell(f"{full_day(outcome.day)}: {counts}.")
    if not outcome.planned and not outcome.attempts:
        fetched = "what was missing was asked for again" if outcome.batches else "nothing was fetched"
        frame.tell(f"Everything was done before: {fetched}, nothing was sent.")


def _tell_trouble(trouble: str) -> None:
    if trouble:
        frame.say(f"paperround: {trouble}; until that is mended, mails are made with the built-in templates")


def _rehearse(settings: Settings, date: datetime | None, to: str | None, *, as_json: bool) -> None:
    async def work(desk: Desk) -> _Rehearsal:
        subscribers = frame.chosen(desk.subscribers, to)
        day = frame.day_of(date, subscribers)
        await collected(day, desk, max_age=RECENT)
        letters = desk.letters.for_round()
        made = plans(
            day,
            desk.current(subscribers),
            library=desk.library,
            ledger=desk.ledger,
            letters=letters,
            now=desk.now,
            catch_up=desk.catch_up,
            embedder=desk.embedder,
        )
        plans_made = await asyncio.to_thread(list, made)
        return _Rehearsal(day=day, subscribers=len(subscribers), plans=plans_made, trouble=letters.trouble)

    rehearsal = frame.at_desk(settings, work)
    if as_json:
        frame.answer([_rehearsed(plan) for plan in rehearsal.plans])
    else:
        _tell_rehearsed(rehearsal)
    _tell_trouble(rehearsal.trouble)
    if rehearsal.trouble:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rehearsal:
    """What a round would do."""

    day: date
    subscribers: int
    plans: Sequence[Plan]
    trouble: str


def _tell_rehearsed(rehearsal: _Rehearsal) -> None:
    for plan in rehearsal.plans:
        picks = plan.digest.picks if plan.status is Status.PLANNED else ()
        said = plan.reason or (counted(len(picks), "paper") if picks else plan.digest.remark)
        frame.tell(f"{plan.digest.subscriber.address}: {said}")
        for pick in picks:
            frame.tell(f"  {frame.score(pick.relevance)}  {pick.paper.title}  ({pick.paper.id})")
    others = rehearsal.subscribers - len(rehearsal.plans)
    if others:
        frame.tell(f"{counted(others, 'subscriber')} had their round before.")
    frame.tell(f"{full_day(rehearsal.day)}: nothing was planned and nothing was sent.")


def _rehearsed(plan: Plan) -> dict[str, object]:
    picks = plan.digest.picks if plan.status is Status.PLANNED else ()
    return {
        "day": plan.day.isoformat(),
        "subscriber": plan.digest.subscriber.address,
        "status": plan.status.value,
        "reason": plan.reason or plan.digest.remark,
        "papers": [pick.paper.id for pick in picks],
    }
