"""The service: ticks by the clock where it leads, the web pages, and a clean end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from paperround.alarming import LOOK_FOR_ALARMS, Alarming
from paperround.desk import Desk
from paperround.following import Following
from paperround.leading import LOOK, Lead
from paperround.metrics import Monitor
from paperround.ports import Leadership
from paperround.settings import WebSettings
from paperround.watching import TICK, Watch
from paperround.web import Health, Server
from paperround.website import website

LOOK_AT_RETURNS = timedelta(minutes=5)
LOOK_AT_REQUESTS = timedelta(seconds=10)  # whoever asked waits for the mail

log = structlog.get_logger()


class PortProblem(Exception):  # noqa: N818 - it says what is wrong with a port
    """The service cannot listen where it is told to; the message says why, and what to do."""


async def serve(
    desk: Desk,
    monitor: Monitor,
    following: Following,
    alarming: Alarming,
    door: socket.socket,
    leadership: Leadership,
) -> bool:
    """Run until `desk.stop` is set, or until it has to begin anew; return whether it has to.

    It has to where the config is another, or where it leads now and did not before, or the other way
    round. Either way the transactions in hand are finished first. `door`, at which it listens, and the
    lead stay as they are for the next time.
    """
    settings = following.settings
    lead = Lead(leadership)
    watch = Watch(desk, catch_up=settings.catch_up, latest=settings.latest)
    app = website(
        desk,
        settings,
        monitor,
        watch,
        health=lambda: _together(lead.health(lambda: _of_work(watch, alarming)), following),
    )
    server = Server(app, settings.web)
    scheduler = AsyncIOScheduler()
    look = partial(alarming.look, desk, settings, lambda: watch.relay)
    _enter(scheduler, lead, watch, desk, look)
    web = asyncio.create_task(server.serve(sockets=[door.dup()]))
    changed = asyncio.create_task(following.changed(desk.stop))
    turned = asyncio.create_task(lead.turned.wait())
    scheduler.start()
    punctual = asyncio.create_task(keep_time(scheduler, now=desk.now))
    log.info("service.started", subscribers=len(desk.subscribers), port=settings.web.port, leads=lead.held)
    try:
        await asyncio.wait({web, changed, turned}, return_when=asyncio.FIRST_COMPLETED)
        if changed.done() and not changed.result():
            lead.resign()  # what is in hand may take minutes, and others need not wait for it
    finally:
        punctual.cancel()
        turned.cancel()
        await _end(scheduler, watch, desk, alarming)
        server.should_exit = True
        await web
    if await changed or lead.turned.is_set():
        return True
    log.info("service.stopped")
    return False


def _enter(
    scheduler: AsyncIOScheduler,
    lead: Lead,
    watch: Watch,
    desk: Desk,
    look_for_alarms: Callable[[], Awaitable[object]],
) -> None:
    """Enter what is to be done again and again: the work by who leads, a look at the lead by others."""
    if not lead.held:
        every(LOOK, lead.look, scheduler, first=desk.now())
        return
    every(TICK, lead.only(watch.tick), scheduler, first=desk.now())
    every(LOOK_FOR_ALARMS, lead.only(look_for_alarms), scheduler, first=desk.now())
    if desk.returning.has_inbox:
        every(LOOK_AT_RETURNS, lead.only(desk.returning.look), scheduler, first=desk.now())
    if desk.joining:
        every(LOOK_AT_REQUESTS, lead.only(desk.joining.look), scheduler, first=desk.now())


async def _end(scheduler: AsyncIOScheduler, watch: Watch, desk: Desk, alarming: Alarming) -> None:
    """Return when nothing is at work any more, and nothing will be."""
    desk.stop.set()
    scheduler.pause()
    await watch.rest()
    await desk.returning.rest()
    if desk.joining:
        await desk.joining.rest()
    await alarming.rest()
    scheduler.shutdown(wait=False)  # it would cut off a tick at work


def every(
    interval: timedelta,
    work: Callable[[], Awaitable[object]],
    scheduler: AsyncIOScheduler,
    *,
    first: datetime,
) -> None:
    """Do this work again and again, never twice at once, and late where it was not done in time."""
    scheduler.add_job(
        work,
        IntervalTrigger(seconds=interval.total_seconds()),
        next_run_time=first,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,  # a late tick is a tick: what is due is asked of the clock
    )


async def keep_time(
    scheduler: AsyncIOScheduler, *, now: Callable[[], datetime], look: timedelta = TICK
) -> None:
    """Bring forward, for ever, what a clock that was set back would put off: appointments are made by it."""
    while True:
        await asyncio.sleep(look.total_seconds())
        for job in scheduler.get_jobs():
            if job.next_run_time is not None and job.next_run_time - now() > job.trigger.interval + look:
                log.warning("clock.set_back", next_run=job.next_run_time.isoformat())
                job.modify(next_run_time=now())


def _of_work(watch: Watch, alarming: Alarming) -> Health:
    """Return what is wrong with the work, and the alarms that stand; what both tell of, once."""
    health = watch.health()
    problems = tuple(dict.fromkeys((*health.problems, *alarming.problems())))
    return Health(problems=problems, notes=(*health.notes, *alarming.notes()))


def _together(health: Health, following: Following) -> Health:
    """Return what is wrong with the work, where it is done here, and with the config."""
    return replace(health, problems=(*health.problems, *following.problems))


def listening(web: WebSettings) -> socket.socket:
    """Return the socket at which the service listens, or raise PortProblem."""
    try:
        return socket.create_server((web.host, web.port), family=_family(web.host))
    except OSError as error:
        place = f"{web.host}:{web.port}"
        raise PortProblem(
            f"cannot listen at {place}: {error.strerror}; name another port under web"
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
