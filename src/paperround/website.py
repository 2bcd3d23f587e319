"""The web pages of an installation, made from the desk that its rounds are done with."""

from collections.abc import Callable, Mapping, Sequence

import httpx
from starlette.applications import Starlette

from paperround.desk import Desk
from paperround.metrics import Monitor
from paperround.overseeing import overseen
from paperround.overview import Overview
from paperround.ports import Figures, SubscriberId
from paperround.rereading import Shelf
from paperround.settings import Settings
from paperround.subscribers import Subscriber
from paperround.trying import LastWeek
from paperround.watching import Watch
from paperround.web import Health, create_app
from paperround.web.monitoring import Probes
from paperround.web.status import Lookout


def website(
    desk: Desk, settings: Settings, monitor: Monitor, watch: Watch, *, health: Callable[[], Health]
) -> Starlette:
    """Return all that the service shows; `health` is asked for whether it is well."""
    known = directory(desk)
    return create_app(
        ledger=desk.ledger,
        preferences=desk.preferences,
        readers=readers(desk, known),
        language=lambda subscriber: reader.language if (reader := known(subscriber)) else None,
        secret=desk.letters.secret,
        health=health,
        now=desk.now,
        sender_name=settings.sender.shown,
        templates=settings.templates,
        hosts=hosts(settings),
        lookout=Lookout(overview=lambda: overview(desk, monitor.figures, health()), now=desk.now),
        reception=desk.joining if desk.joining and desk.joining.is_open else None,
        public_url=settings.public_url or "",
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
        papers=desk.library if settings.web.archive else None,
        trial=LastWeek(library=desk.library),
    )


def overview(desk: Desk, figures: Callable[[], Figures], health: Health) -> Overview:
    """Return how it stands with what a round is done with; `figures` may raise StoreError."""
    return overseen(
        ledger=desk.ledger,
        library=desk.library,
        relay=desk.rate.relay,
        on_unknown=desk.on_unknown,
        figures=figures,
        health=health,
        now=desk.now(),
    )


def hosts(settings: Settings) -> frozenset[str]:
    """Return the names by which pages are asked for, beside those of this machine."""
    public = httpx.URL(settings.public_url).raw_host.decode() if settings.public_url else settings.web.host
    return frozenset({public, settings.web.host, *settings.web.hosts})


Directory = Callable[[SubscriberId], Subscriber | None]


def directory(desk: Desk) -> Directory:
    """Return what tells who a subscriber is, sent mail or not, as they were set up."""
    told: tuple[Sequence[Subscriber], Mapping[SubscriberId, Subscriber]] = ((), {})

    def known(subscriber: SubscriberId) -> Subscriber | None:
        nonlocal told
        everybody, by_id = desk.subscribers, told[1]
        if told[0] is not everybody:
            ids = desk.ledger.enrol([each.address for each in everybody], now=desk.now())
            by_id = {ids[each.address]: each for each in everybody}
            told = everybody, by_id
        return by_id.get(subscriber)

    return known


def readers(desk: Desk, known: Directory) -> Directory:
    """Return what tells which of these somebody is who is sent mail."""

    def reader(subscriber: SubscriberId) -> Subscriber | None:
        return None if subscriber in desk.ledger.suppressions() else known(subscriber)

    return reader


def current(desk: Desk, known: Directory, subscriber: SubscriberId) -> Subscriber | None:
    """Return one of these as they wish to read by now."""
    reader = known(subscriber)
    return desk.current([reader])[0] if reader else None
