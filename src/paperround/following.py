"""The config while the service runs: read again when it changes, and left in force where it is wrong."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import structlog
from watchfiles import Change, awatch

from paperround.config import ConfigError
from paperround.config.problems import Problem
from paperround.dkim_signing import KeyProblem, Signer
from paperround.phrases import counted, listed
from paperround.settings import Settings
from paperround.subscribers import Subscriber

_WATCHED = (".yaml", ".env")
_HALF_WRITTEN = timedelta(seconds=1)  # an editor may not be done
_MOST_PROBLEMS = 3

log = structlog.get_logger()


class Following:
    """Follows the files of a config; `settings` are the latest that can be used.

    `load` reads them anew, or raises ConfigError. `beside` are files elsewhere that they depend on, as
    those of secrets.
    """

    def __init__(
        self, settings: Settings, folder: Path, load: Callable[[], Settings], *, beside: Sequence[Path] = ()
    ) -> None:
        self.settings = settings
        self._load, self._beside = load, frozenset(path.resolve() for path in beside)
        self._folders = {path.resolve() for path in (folder, Path(), *(each.parent for each in beside))}
        self._problems: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the files as they are now; no address and no secret is in it."""
        return self._problems

    async def changed(self, stop: asyncio.Event) -> bool:
        """Return True once `settings` are others than before, or False when `stop` is set.

        A change is looked for when a file was written, and on SIGHUP.
        """
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, asked.set)
        watching = asyncio.create_task(self._watch(asked, stop))
        try:
            while not stop.is_set():
                waiting = [asyncio.create_task(each.wait()) for each in (asked, stop)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
                if stop.is_set():
                    break
                asked.clear()
                if await self._reread():
                    return True
            return False
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self, asked: asyncio.Event, stop: asyncio.Event) -> None:
        # Not what lies below the folders: that of the config may hold anything.
        folders = [folder for folder in self._folders if folder.is_dir()]
        async for _ in awatch(*folders, watch_filter=self._matters, stop_event=stop, recursive=False):
            asked.set()

    def _matters(self, _: Change, path: str) -> bool:
        # A mounted folder is replaced as a whole by a link whose name begins so.
        return path.endswith(_WATCHED) or Path(path) in self._beside or Path(path).name.startswith("..")

    async def _reread(self) -> bool:
        """Take what the files say now, if it can be used and is something else; return whether it is."""
        try:
            settings = await self._settings()
        except ConfigError as error:
            self._refuse(tuple(_places(error.problems[:_MOST_PROBLEMS])))
            return False
        except KeyProblem as error:
            self._refuse((str(error),))
            return False
        if self._problems:
            log.info("config.mended")
        self._problems = ()
        if settings == self.settings:
            return False
        log.info("config.changed", changes=changes(self.settings, settings))
        self.settings = settings
        return True

    async def _settings(self) -> Settings:
        try:
            settings = await asyncio.to_thread(self._load)
        except ConfigError:
            await asyncio.sleep(_HALF_WRITTEN.total_seconds())
            settings = await asyncio.to_thread(self._load)
        if settings.dkim is not None:
            Signer(settings.dkim)
        for name in _FOR_A_RESTART:
            if getattr(settings, name) != getattr(self.settings, name):
                log.warning("config.needs_restart", key=name)
                settings = replace(settings, **{name: getattr(self.settings, name)})
        return settings

    def _refuse(self, problems: tuple[str, ...]) -> None:
        told = tuple(f"{each}; the config as it was before stays in force" for each in problems)
        if told != self._problems:
            for problem in told:
                log.error("config.refused", problem=problem)
        self._problems = told


_FOR_A_RESTART = ("store", "web")


def changes(before: Settings, after: Settings) -> str:
    """Return what changed from one config to the other, in words and without names."""
    names = (field.name for field in fields(Settings) if field.name != "subscribers")
    others = [name for name in names if getattr(before, name) != getattr(after, name)]
    keys = ["from" if name == "sender" else name for name in others]
    return listed([*_readers(before.subscribers, after.subscribers), *keys])


def _readers(before: Sequence[Subscriber], after: Sequence[Subscriber]) -> Iterator[str]:
    old = {each.address.casefold(): each for each in before}
    new = {each.address.casefold(): each for each in after}
    counts = {
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "changed": sum(old[each] != new[each] for each in old.keys() & new.keys()),
    }
    for what, count in counts.items():
        if count:
            yield f"{counted(count, 'subscriber')} {what}"


def _places(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield where something is wrong; what it is may hold addresses, and is told by `check`."""
    for problem in problems:
        yield str(replace(problem, message="it cannot be used", mend="`paperround check` says why"))
