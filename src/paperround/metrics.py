"""How it stands, in the form that Prometheus reads: counted in the store, and timed at the relay."""

import platform
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from paperround.alarms import Condition
from paperround.batches import BatchState
from paperround.ports import (
    Cause,
    Effect,
    Figures,
    Interrupted,
    Refused,
    Relay,
    RelayUnusable,
    Status,
    StoreError,
    Unanswered,
)

_Choice = TypeVar("_Choice", bound=StrEnum)


class Outcome(StrEnum):
    """How an attempt at the relay ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"  # before the whole letter was out
    UNANSWERED = "unanswered"  # after it
    UNUSABLE = "unusable"  # the relay, for whatever letter
    STOPPED = "stopped"  # by us


# In seconds. A relay that looks for spam takes some, and may take ten minutes for its last word.
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)


class Monitor:
    """What is asked for metrics, and whether the store is as this program needs it.

    `figures` may raise StoreError; `outdated` says why the store is not to be worked with, if so.
    """

    def __init__(
        self,
        *,
        figures: Callable[[], Figures],
        revision: str,
        outdated: Callable[[], str],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._figures, self._revision, self._outdated = figures, revision, outdated
        self._now, self._clock = now, clock
        self._registry = CollectorRegistry()
        self._attempts = Counter(
            "paperround_attempts",
            "Attempts to hand a letter to the relay since the start, by how they ended.",
            ["outcome"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "paperround_smtp_seconds",
            "How long an attempt that the relay accepted or refused took, connecting included.",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        for each in Outcome:
            self._attempts.labels(each.value)

    def ready(self) -> str:
        """Return why nothing can be done now, or nothing where it can."""
        return self._outdated()

    def figures(self) -> Figures:
        """Return how it stands, counted; raise StoreError where the store cannot be read."""
        return self._figures()

    def measured(self, relay: Relay) -> Relay:
        """Return the relay, with an eye on how long it takes and what it answers."""
        return _Measured(relay, self._attempts, self._latency, self._clock)

    def exposition(self, *, last_well: datetime | None) -> bytes:
        """Return all metrics as text; `last_well` is when a tick last left nothing wrong."""
        try:
            figures = self._figures()
        except StoreError:
            figures = None
        own = CollectorRegistry()
        own.register(_Gauges(tuple(self._gauges(figures, last_well))))
        return generate_latest(own) + generate_latest(self._registry)

    def _gauges(self, figures: Figures | None, last_well: datetime | None) -> Iterator[GaugeMetricFamily]:
        labels = {"version": version("paperround"), "python": platform.python_version()}
        yield _labelled(
            "paperround_build_info",
            "What runs; always 1.",
            (*labels, "store"),
            [((*labels.values(), self._revision), 1)],
        )
        yield _plain("paperround_store_up", "Whether the store answers.", float(figures is not None))
        if last_well is not None:
            told = "When a tick of the service last left nothing wrong."
            yield _plain("paperround_last_well_timestamp_seconds", told, last_well.timestamp())
        if figures is not None:
            yield from _of_papers(figures)
            yield from _of_deliveries(figures, self._now())
            standing = dict.fromkeys(figures.alarms, 1)
            told = "Whether an alarm of each condition stands."
            yield _counted("paperround_alarm", told, "condition", Condition, standing)


class _Gauges(Collector):
    """What was counted for one answer."""

    def __init__(self, gauges: tuple[GaugeMetricFamily, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._gauges


class _Measured:
    """A relay that is looked at from outside; what it does is left as it is."""

    def __init__(
        self, relay: Relay, attempts: Counter, latency: Histogram, clock: Callable[[], float]
    ) -> None:
        self._relay, self._attempts, self._latency, self._clock = relay, attempts, latency, clock

    async def send(
        self, *, sender: str, recipient: str, message: bytes, begin_data: Callable[[], Awaitable[None]]
    ) -> str:
        begun, outcome = self._clock(), Outcome.STOPPED
        try:
            reply = await self._relay.send(
                sender=sender, recipient=recipient, message=message, begin_data=begin_data
            )
            outcome = Outcome.ACCEPTED
        except tuple(_OUTCOMES) as error:
            outcome = next(told for kind, told in _OUTCOMES.items() if isinstance(error, kind))
            raise
        finally:
            self._attempts.labels(outcome.value).inc()
            if outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
                self._latency.observe(self._clock() - begun)
        return reply

    async def close(self) -> None:
        await self._relay.close()


_OUTCOMES: Mapping[type[Exception], Outcome] = {
    Refused: Outcome.REFUSED,
    Interrupted: Outcome.INTERRUPTED,
    Unanswered: Outcome.UNANSWERED,
    RelayUnusable: Outcome.UNUSABLE,
}


def _of_papers(figures: Figures) -> Iterator[GaugeMetricFamily]:
    sources = sorted({source for source, _ in figures.batches})
    yield _labelled(
        "paperround_batches",
        "Days of each source in the store, by their state.",
        ("source", "state"),
        [
            ((source, state.value), figures.batches.get((source, state), 0))
            for source in sources
            for state in BatchState
        ],
    )
    yield _labelled(
        "paperround_newest_batch_timestamp_seconds",
        "The beginning of each source's latest day with papers.",
        ("source",),
        [
            ((source,), datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            for source, day in sorted(figures.newest.items())
        ],
    )
    yield _plain("paperround_papers", "Papers in the store.", figures.papers)


def _of_deliveries(figures: Figures, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _plain("paperround_digests", "Digests that were made into letters.", figures.digests)
    yield _counted(
        "paperround_deliveries", "Rows of the ledger, by status.", "status", Status, figures.deliveries
    )
    waited = (now - figures.oldest).total_seconds() if figures.oldest else 0
    told = "How long the oldest letter that still has to go out waits."
    yield _plain("paperround_queue_age_seconds", told, max(waited, 0))
    yield _plain("paperround_unknown_waiting", "Unknown deliveries that wait for a person.", figures.held)
    told = "Readers who get nothing any more, by cause."
    yield _counted("paperround_suppressed", told, "cause", Cause, figures.suppressed)
    told = "Messages that came back, by what came of them."
    yield _counted("paperround_returned", told, "effect", Effect, figures.returned)


def _plain(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def _counted(
    name: str, told: str, label: str, choices: type[_Choice], counts: Mapping[_Choice, int]
) -> GaugeMetricFamily:
    """Return a gauge for each choice, with nothing where there is none: an alarm needs a line to watch."""
    return _labelled(name, told, (label,), [((each.value,), counts.get(each, 0)) for each in choices])


def _labelled(
    name: str, told: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=labels)
    for named, value in values:
        family.add_metric(named, value)
    return family
