"""The service: ticks by the clock, the web pages, and a clean end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from paperround.following import Following
from paperround.metrics import Monitor
from paperround.pipeline import Desk
from paperround.settings import WebSettings
from paperround.watching import TICK, Watch
from paperround.web import Health, Server
from paperround.website import website

LOOK_AT_RETURNS = timedelta(minutes=5)

log = structlog.get_logger()


class PortProblem(Exception):  # noqa: N818 - it says what is wrong with a port
    """The service cannot listen where it is told to; the message says why, and what to do."""


async def serve(desk: Desk, monitor: Monitor, following: Following, door: socket.socket) -> bool:
    """Run until `desk.stop` is set, or until the config is another; return whether it is.

    Either way the transactions in hand are finished first. `door`, at which it listens, stays open.
    """
    settings = following.settings
    watch = Watch(settings.subscribers, desk, catch_up=settings.catch_up, latest=settings.latest)
    app = website(desk, settings, monitor, watch, health=lambda: _together(watch.health(), following))
    server = Server(app, settings.web)
    scheduler = AsyncIOScheduler()
    _every(TICK, watch.tick, scheduler, first=desk.now())
    if desk.returning.has_inbox:
        _every(LOOK_AT_RETURNS, desk.returning.look, scheduler, first=desk.now())
    web = asyncio.create_task(server.serve(sockets=[door.dup()]))
    changed = asyncio.create_task(following.changed(desk.stop))
    scheduler.start()
    log.info("service.started", subscribers=len(settings.subscribers), port=settings.web.port)
    try:
        await asyncio.wait({web, changed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        desk.stop.set()
        scheduler.pause()
        await watch.rest()
        await desk.returning.rest()
        scheduler.shutdown(wait=False)  # it would cut off a tick at work
        server.should_exit = True
        await web
    if await changed:
        return True
    log.info("service.stopped")
    return False


def _every(
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


def _together(health: Health, following: Following) -> Health:
    """Return what is wrong with the work, and with the config."""
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
