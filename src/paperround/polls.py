"""When a source may be asked again: soon at first, and then more and more rarely."""

from datetime import date, datetime, timedelta

SHORTEST, LONGEST = timedelta(minutes=10), timedelta(minutes=30)
GROWTH = 1.5


class Polls:
    """What was asked for when, for as long as a process lives."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, date], tuple[datetime, timedelta]] = {}

    def may_ask(self, source: str, day: date, *, at: datetime) -> bool:
        """Return whether the source may be asked for that day at that moment."""
        asked_at, pause = self._asked.get((source, day), (at, timedelta(0)))
        return not asked_at <= at < asked_at + pause  # a clock that was set back keeps nobody waiting

    def asked(
        self, source: str, day: date, *, at: datetime, settled: bool, wait: timedelta = timedelta(0)
    ) -> None:
        """Note that it was asked just now; `settled` says that all is there, `wait` is what it asks for."""
        _, before = self._asked.get((source, day), (at, timedelta(0)))
        pause = SHORTEST if settled else min(max(before * GROWTH, SHORTEST), LONGEST)
        self._asked = {each: when for each, when in self._asked.items() if at - when[0] < timedelta(days=7)}
        self._asked[source, day] = at, max(pause, wait)
