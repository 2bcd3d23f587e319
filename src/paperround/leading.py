"""Who leads, and who stands by: of several services with one store, one does the work."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

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
        self.turned = asyncio.Event()
        self.held = self._take()

    async def look(self) -> None:
        """Take the lead if it is free, and set `turned` if that, or its loss, changes what is to be done."""
        # A server may take its time, and the pages go on meanwhile.
        if not self._resigned and await asyncio.to_thread(self._take) is not self.held:
            self.turned.set()

    def only(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Return the work as it is done by who leads: only after another look at whether they still do."""

        async def led() -> None:
            await self.look()
            if self.held and not (self._resigned or self.turned.is_set()):
                await work()

        return led

    def resign(self) -> None:
        """Let another service lead, whatever is still in hand here, and do nothing more."""
        self._resigned = True
        self._leadership.close()

    def health(self, of_the_work: Callable[[], Health]) -> Health:
        """Return how the work stands, where it is done here."""
        if self.held:
            return of_the_work()
        if self._trouble:
            return Health(problems=(self._trouble,))
        return Health(notes=(f"standing by; {self._leadership.holder() or 'another process'} leads",))

    def _take(self) -> bool:
        try:
            taken = self._leadership.take()
        except StoreError as error:
            if str(error) != self._trouble:
                log.error("lead.unclear", reason=str(error))  # noqa: TRY400 - the reason is enough
            self._trouble = str(error)
            return False
        self._trouble = ""
        return taken
