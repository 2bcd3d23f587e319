"""Why a host gave no answer, and whether to ask it again."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from paperround.ports import SourceError


class RejectedError(SourceError):
    """The host says that the question itself is wrong (4xx), so asking again will not mend it."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Trouble(Exception):  # noqa: N818 - it may pass, and is an error only when patience ends
    """Why one try failed; `passing` says whether another may succeed, `wait` when the host would like it."""

    def __init__(self, reason: str, *, passing: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.passing = passing
        self.wait = wait

    def final(self, tries: int, now: datetime) -> SourceError:
        """Return the error for people, after the last try."""
        reason = f"{self} after {tries} tries" if tries > 1 else str(self)
        if self.wait:
            reason += f"; asked to wait {spoken(self.wait)}, until {now + self.wait:%Y-%m-%d %H:%M UTC}"
        return SourceError(reason, wait=self.wait)


class Refused(Trouble):
    """The host answered, with an error."""

    def __init__(self, status: int, *, passing: bool, wait: timedelta | None) -> None:
        super().__init__(status_line(status), passing=passing, wait=wait)
        self.status = status

    def final(self, tries: int, now: datetime) -> SourceError:
        """Return the error for people, after the last try."""
        error = super().final(tries, now)
        return error if self.passing else RejectedError(str(error), self.status)


def refused(status: int, *, retry_after: str, throttling: frozenset[int], now: datetime) -> Refused:
    """Return what an error status means; those in `throttling` mean that we ask too often."""
    passing = status in throttling or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Refused(status, passing=passing, wait=asked_wait(retry_after, now) if passing else None)


_LONGEST_WAIT = timedelta(days=7)  # nobody waits for more, and a date may lie beyond the calendar


def asked_wait(retry_after: str, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for, in seconds or until a date."""
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", retry_after):
        return min(timedelta(seconds=int(retry_after)), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), _LONGEST_WAIT)


class Patience:
    """Whether to try again, given the longest wait and the moment on some clock by which all must be over."""

    def __init__(self, *, longest: timedelta, ends: float, clock: Callable[[], float]) -> None:
        self.tries = 0
        self.last: Trouble | None = None
        self._longest = longest
        self._ends = ends
        self._clock = clock

    def allows(self, error: Exception) -> bool | timedelta:
        """Return whether to try again after this error, or how long to wait before doing so."""
        if not isinstance(error, Trouble):
            return False
        self.tries += 1
        self.last = error
        if not error.passing:
            return False
        if error.wait is None:
            return True
        left = timedelta(seconds=self._ends - self._clock())
        return error.wait if error.wait <= min(self._longest, left) else False


def status_line(status: int) -> str:
    """Return the status in the standard's words, for the host's own could say anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def spoken(duration: timedelta) -> str:
    """Return a duration as people read it."""
    seconds = duration.total_seconds()
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
