"""Who leads, and who stands by: of several services with one store, one does the work."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from threading import Lock

import structlog

from paperround.ports import Leadership, StoreError
from paperround.web import Health

LOOK = timedelta(seconds=5)  # at whether the lead is free

log = structlog.get_logger()


class Lead:
    """Whether this service leads; `turned` is set once that is no longer as it was at the beginning."""

    def __init__(self, leadership: Leadership) -> None:
        self._leadership = leadership
        self._trouble = ""
        self._resigned = False
        self._looking = Lock()  # several works look, each in a thread, and a leadership is for one
        self.turned = asyncio.Event()
        self.held = self._take()

    async def look(self) -> None:
        """Take the lead if it is free, and set `turned` if that, or its loss, changes what is to be done.

        As long as nobody can tell who leads, nothing is to be done; it does not begin anew for that, which
        it could not without the store.
        """
        # A server may take its time, and the pages go on meanwhile.
        taken = await asyncio.to_thread(self._take)
        if not (self._resigned or self._trouble) and taken is not self.held:
            self.turned.set()

    def only(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Return the work as it is done by who leads: only after another look at whether they still do."""

        async def led() -> None:
            await self.look()
            if self.held and not (self._resigned or self._trouble or self.turned.is_set()):
                await work()

        return led

    def resign(self) -> None:
        """Let another service lead, whatever is still in hand here, and do nothing more."""
        with self._looking:
            self._resigned = True
            self._leadership.close()

    def health(self, of_the_work: Callable[[], Health]) -> Health:
        """Return how the work stands, where it is done here."""
        if self._trouble:
            return Health(problems=(self._trouble,))
        if self.held:
            return of_the_work()
        return Health(notes=(f"standing by; {self._leadership.holder() or 'another process'} leads",))

    def _take(self) -> bool:
        try:
            with self._looking:
                taken = not self._resigned and self._leadership.take()
        except StoreError as error:
            if str(error) != self._trouble:
                log.error("lead.unclear", reason=str(error))  # noqa: TRY400 - the reason is enough
            self._trouble = str(error)
            return False
        self._trouble = ""
        return taken
