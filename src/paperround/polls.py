"""When a source may be asked again: soon at first, and then more and more rarely."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

SHORTEST, LONGEST = timedelta(minutes=10), timedelta(minutes=30)
GROWTH = 1.5
FORGOTTEN = timedelta(days=7)


class Polls:
    """What was asked for when, for as long as a process lives."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, date], _Asked] = {}

    def may_ask(self, source: str, day: date, *, at: datetime) -> bool:
        """Return whether the source may be asked for that day at that moment."""
        last = self._asked.get((source, day))
        # A clock that was set back keeps nobody waiting.
        return last is None or not last.at <= at < last.at + last.pause

    def asked(
        self, source: str, day: date, *, at: datetime, settled: bool, wait: timedelta = timedelta(0)
    ) -> None:
        """Note that it was asked just now; `settled` says that all is there, `wait` is what it asks for."""
        last = self._asked.get((source, day))
        longer = min(max(last.usual * GROWTH, SHORTEST), LONGEST) if last and not settled else SHORTEST
        self._asked = {each: when for each, when in self._asked.items() if at - when.at < FORGOTTEN}
        self._asked[source, day] = _Asked(
            at=at, usual=longer, least=max(wait, SHORTEST), pause=max(longer, wait)
        )

    def ask_by(self, source: str, day: date, moment: datetime) -> None:
        """Let it be asked at that moment though its pause would last longer, if it bears that."""
        last = self._asked.get((source, day))
        if last is not None and last.at < moment < last.at + last.pause:
            self._asked[source, day] = replace(last, pause=max(moment - last.at, last.least))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """When it was asked, and the pause after that: as it is now, as it usually is, and at least."""

    at: datetime
    usual: timedelta
    least: timedelta
    pause: timedelta
