"""The service: a tick that asks the clock who is due, the web pages, and a clean end."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from paperround import clock
from paperround.delivering import Delivered
from paperround.following import Following
from paperround.metrics import Monitor
from paperround.pipeline import LIFE_OF_A_LETTER, Desk, Stopped, post, prepare
from paperround.ports import LONGEST_ROUND, SubscriberId
from paperround.rereading import Shelf
from paperround.settings import WebSettings
from paperround.subscribers import Subscriber
from paperround.web.app import Health, create_app
from paperround.web.monitoring import Probes
from paperround.web.server import Server

TICK = timedelta(seconds=30)
SILENT = timedelta(minutes=10)  # a service that has not ticked for so long is not well
MAX_AGE = timedelta(minutes=15)  # what a source gave so recently is not asked for again
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
LOOK_AT_RETURNS = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=15)  # where no source could be read
LONGEST_POST = timedelta(minutes=2)  # then it is looked who is due meanwhile; the rest goes on after that
PATIENCE = TICK  # for a turn at the relay; for a later one there is a later tick
PAUSES = 3  # so many in a row are no routine of a relay

log = structlog.get_logger()


class PortProblem(Exception):  # noqa: N818 - it says what is wrong with a port
    """The service cannot listen where it is told to; the message says why, and what to do."""


async def serve(desk: Desk, monitor: Monitor, following: Following, door: socket.socket) -> bool:
    """Run until `desk.stop` is set, or until the config is another; return whether it is.

    Either way the transactions in hand are finished first. `door`, at which it listens, stays open.
    """
    settings = following.settings
    watch = Watch(settings.subscribers, desk, catch_up=settings.catch_up)
    known = subscribers(desk)
    app = create_app(
        ledger=desk.ledger,
        preferences=desk.preferences,
        readers=readers(desk, known),
        languages={subscriber: each.language for subscriber, each in known.items()},
        secret=desk.letters.secret,
        health=lambda: _together(watch.health(), following),
        now=desk.now,
        sender_name=settings.sender.name or settings.sender.address,
        templates=settings.templates,
        probes=Probes(
            ready=monitor.ready,
            metrics=lambda: monitor.exposition(last_well=watch.last_well),
            token=settings.web.metrics_token,
        ),
        shelf=Shelf(
            ledger=desk.ledger,
            library=desk.library,
            letters=desk.letters.for_round(),
            readers=lambda subscriber: current(desk, known, subscriber),
        ),
    )
    server = Server(app, settings.web)
    scheduler = AsyncIOScheduler()
    scheduler.add_job(
        watch.tick,
        IntervalTrigger(seconds=TICK.total_seconds()),
        next_run_time=desk.now(),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,  # a late tick is a tick: what is due is asked of the clock
    )
    if desk.returning.has_inbox:
        scheduler.add_job(
            desk.returning.look,
            IntervalTrigger(seconds=LOOK_AT_RETURNS.total_seconds()),
            next_run_time=desk.now(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
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


def subscribers(desk: Desk) -> Mapping[SubscriberId, Subscriber]:
    """Return what the config says of each subscriber, sent mail or not."""
    ids = desk.ledger.enrol([each.address for each in desk.subscribers], now=desk.now())
    return {ids[each.address]: each for each in desk.subscribers}


def readers(
    desk: Desk, known: Mapping[SubscriberId, Subscriber]
) -> Callable[[SubscriberId], Subscriber | None]:
    """Return what tells which of these somebody is who is sent mail."""

    def reader(subscriber: SubscriberId) -> Subscriber | None:
        return None if subscriber in desk.ledger.suppressions() else known.get(subscriber)

    return reader


def current(
    desk: Desk, known: Mapping[SubscriberId, Subscriber], subscriber: SubscriberId
) -> Subscriber | None:
    """Return one of these as they wish to read by now."""
    reader = known.get(subscriber)
    return desk.current([reader])[0] if reader else None


def _together(health: Health, following: Following) -> Health:
    """Return what is wrong with the work, and with the config."""
    return Health(problems=(*health.problems, *following.problems))


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


class Watch:
    """What the service remembers from one tick to the next; the truth is in the ledger."""

    def __init__(self, subscribers: Sequence[Subscriber], desk: Desk, *, catch_up: timedelta) -> None:
        self._subscribers = subscribers
        self._desk = desk
        self._catch_up = catch_up
        self._seen: dict[date, set[str]] = {}
        self._looked: dict[date, datetime] = {}
        self._ticked = self._began = desk.now()
        self._problems: tuple[str, ...] = ()
        self._last_well: datetime | None = None
        self._at_work = asyncio.Lock()
        self._pause = timedelta(0)
        self._rest_until = desk.now()

    async def tick(self) -> None:
        """Do what is due now: new rounds, and attempts that were put off until now."""
        async with self._at_work:
            if self._desk.stop.is_set():
                return
            self._began = self._desk.now()
            try:
                problems = await self._work()
            except Exception as error:  # whatever it was, the next tick tries again
                log.exception("tick.failed")
                problems = (f"the last round ended early: {error}",)
            self._problems = problems
            self._ticked = self._desk.now()
            self._last_well = self._last_well if problems else self._ticked

    @property
    def last_well(self) -> datetime | None:
        """The end of the latest tick that left nothing wrong, if there was one."""
        return self._last_well

    async def rest(self) -> None:
        """Return when no tick is at work."""
        async with self._at_work:
            return

    def health(self) -> Health:
        """Return what is wrong, if anything."""
        at_work = self._at_work.locked()
        since = self._began if at_work else self._ticked
        problems = (*self._problems, *self._gaps(), *self._desk.returning.problems())
        if abs(self._desk.now() - since) <= (LONGEST_ROUND if at_work else SILENT):
            return Health(problems=problems)
        hung = "a round has not ended" if at_work else "nothing was done"
        return Health(problems=(*problems, f"{hung} since {since:%Y-%m-%d %H:%M} UTC"))

    def _gaps(self) -> tuple[str, ...]:
        """Return what is wrong with the rounds of the last days."""
        now = self._desk.now()
        gaps = (gap for gap in self._desk.ledger.gaps() if now - gap.begun_at < LIFE_OF_A_LETTER)
        return tuple(str(gap) for gap in gaps if gap.stands(now))

    async def _work(self) -> tuple[str, ...]:
        desk = self._desk
        try:
            # Whether or not anything can be delivered now, everybody has their row.
            for day, subscribers in sorted(self._due(desk.now()).items()):
                await prepare(day, subscribers, desk, max_age=MAX_AGE)
                self._seen.setdefault(day, set()).update(each.address for each in subscribers)
                self._looked[day] = desk.now()
            if desk.now() < self._rest_until:
                return self._problems
            delivered = await post(desk, patience=PATIENCE, at_most=LONGEST_POST)
        except Stopped:
            return ()
        if desk.stop.is_set():
            return ()
        problems = _problems(delivered)
        self._rest(tired=bool(problems))
        return problems

    def _rest(self, *, tired: bool) -> None:
        """Leave a relay that takes nothing alone for a while, twice as long each time."""
        self._pause = min(max(self._pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE) if tired else timedelta(0)
        self._rest_until = self._desk.now() + self._pause

    def _due(self, now: datetime) -> dict[date, list[Subscriber]]:
        """Return by day who is due and was not seen to, or, from time to time, all of that day."""
        due: dict[date, list[Subscriber]] = defaultdict(list)
        for subscriber in self._subscribers:
            day = clock.due(subscriber, now, catch_up=self._catch_up)
            if day is not None:
                due[day].append(subscriber)
        self._seen = {day: seen for day, seen in self._seen.items() if day in due}
        self._looked = {day: looked for day, looked in self._looked.items() if day in due}
        return {
            day: subscribers
            for day, subscribers in due.items()
            if any(each.address not in self._seen.get(day, ()) for each in subscribers)
            or now - self._looked.get(day, now) > LOOK_AGAIN
        }


def _problems(delivered: Delivered) -> tuple[str, ...]:
    """Return what is wrong where a delivery stopped: nothing, where it keeps to the relay's pace."""
    keeping_pace = delivered.later is not None and delivered.later.pauses < PAUSES
    return () if delivered.stopped is None or keeping_pace else (delivered.stopped,)
