"""The preview: the config, the templates and the store, looked at anew whenever a file changes."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from socket import socket

from watchfiles import Change, awatch

from paperround import installed
from paperround.app import beside_store, embedder, letters, roll_of
from paperround.composing import issue
from paperround.config import ConfigError, Loaded
from paperround.dkim_signing import KeyProblem
from paperround.issue import not_due, silence
from paperround.letters import Letters
from paperround.ports import Embedder, Ledger, Library, StoreError, SubscriberId
from paperround.preferences import overlaid
from paperround.rendering import TemplateError
from paperround.settings import WebSettings
from paperround.store import Store, open_store
from paperround.subscribers import Subscriber, WhenEmpty
from paperround.web.preview import Proof, View, create_preview
from paperround.web.server import Server

_PATIENCE = timedelta(seconds=20)  # how long a page waits for news before it asks again
_WATCHED = (".yaml", ".j2", ".css", ".env")


def proof_of(
    subscriber: Subscriber,
    day: date,
    *,
    number: SubscriberId,
    library: Library,
    ledger: Ledger,
    letters: Letters,
    embedder: Embedder | None,
) -> Proof:
    """Return what the subscriber would get on that day, sent before or not; nothing is entered."""
    ids = {subscriber.address: number}
    digest = next(issue(day, [subscriber], library, ledger, ids=ids, embedder=embedder).digests())
    suppression = ledger.suppressions().get(number)
    empty = silence(digest) if subscriber.when_empty is WhenEmpty.NOTHING else None
    return Proof(
        address=subscriber.address,
        day=day,
        papers=tuple(pick.paper.id for pick in digest.picks),
        rendered=letters.render(digest, number),
        silence=suppression.reason if suppression else not_due(subscriber, day) or empty,
    )


async def serve(press: "Press", listening: socket, *, stop: asyncio.Event) -> None:
    """Show the proofs of a press at a listening socket, and follow the files, until `stop` is set."""
    server = Server(create_preview(press), WebSettings())
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening])),
        asyncio.create_task(press.follow(stop)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        press.close()
        server.should_exit = True
        await asyncio.gather(*tasks)


class Press:
    """Makes proofs from the config as it stands; what is wrong with it is shown in place of them."""

    def __init__(self, folder: Path, load: Callable[[], Loaded], *, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._load = load
        self._now = now
        self._templates: Path | None = None
        self._store: Path | None = None
        self._open: _Open | None = None
        self._troubles: tuple[str, ...] = ()
        self._at_work = asyncio.Lock()
        self._version = ""
        self._turned = asyncio.Event()

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the config or the templates."""
        return self._troubles

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        """All who read, where there is a config that can be used."""
        return self._open.subscribers if self._open else ()

    async def reload(self) -> None:
        """Read everything again: who subscribes is entered, and nothing else."""
        async with self._at_work:
            self._put_away()
            self._troubles = ()
            try:
                self._open = await asyncio.to_thread(self._opened)
            except ConfigError as error:
                self._troubles = tuple(map(str, error.problems))
            except (StoreError, TemplateError, KeyProblem) as error:
                self._troubles = (str(error),)
            self._version = secrets.token_hex(8)
            self._turned.set()
            self._turned = asyncio.Event()

    async def view(self, address: str | None, day: date | None) -> View:
        """Return the view of a day of a subscriber; the first of either where none is named."""
        async with self._at_work:
            if self._open is None:
                return View(version=self._version, troubles=self._troubles)
            try:
                return await asyncio.to_thread(self._open.view, self._version, address, day)
            except StoreError as error:
                return View(version=self._version, troubles=(str(error),))

    async def changed(self, since: str) -> str:
        """Return the version once it is another than `since`, or after a while the same."""
        if since == self._version:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE.total_seconds()):
                    await self._turned.wait()
        return self._version

    async def follow(self, stop: asyncio.Event) -> None:
        """Reload whenever a file of the config or of the templates changes, until `stop` is set."""
        while not stop.is_set():
            folders = self._folders()
            # Not what lies below them: the folder of the config may hold anything.
            async for changes in awatch(
                *folders, watch_filter=self._matters, stop_event=stop, recursive=False
            ):
                await self.reload()
                if self._folders() != folders or _holds_folders(path for _, path in changes):
                    break

    def close(self) -> None:
        """Close the store, and let go of whoever waits."""
        self._put_away()
        self._turned.set()

    def _opened(self) -> "_Open":
        loaded = self._load()
        settings = loaded.settings
        self._templates = settings.templates
        self._store = beside_store(settings, "").resolve()
        with ExitStack() as stack:
            store = stack.enter_context(closing(open_store(settings.store)))
            subscribers = roll_of(settings, store).everybody()
            made = _Open(
                loaded=loaded,
                subscribers=subscribers,
                store=store,
                letters=letters(settings, store.ledger),
                embedder=embedder(settings, store.vectors),
                ids=store.ledger.enrol([each.address for each in subscribers], now=self._now()),
            )
            stack.pop_all()
            return made

    def _put_away(self) -> None:
        if self._open is not None:
            self._open.store.close()
            self._open = None

    def _folders(self) -> frozenset[Path]:
        """Return the folders to watch; of one that is not there yet, the one in which it would be."""
        templates = [installed.templates(), *([self._templates] if self._templates else [])]
        below = [path for folder in templates for path in folder.rglob("*") if path.is_dir()]
        above = [folder.parent for folder in templates]
        # Where the command is run there may be a .env.
        return frozenset(map(_nearest, (self._folder, Path(), *above, *templates, *below)))

    def _matters(self, _: Change, path: str) -> bool:
        if path.endswith(_WATCHED) or Path(path).is_dir():
            return True
        # Where something is wrong, any file may mend it; but the store is written to by every look.
        return self._open is None and not (self._store and path.startswith(str(self._store)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """What proofs are made with, between two changes of a file."""

    loaded: Loaded
    subscribers: Sequence[Subscriber]
    store: Store
    letters: Letters
    embedder: Embedder | None
    ids: Mapping[str, SubscriberId]

    def view(self, version: str, address: str | None, day: date | None) -> View:
        subscribers = {each.address: each for each in self.subscribers}
        view = View(
            version=version,
            address=address,
            day=day,
            addresses=tuple(subscribers),
            days=self.store.library.days(),
            warnings=tuple(map(str, self.loaded.warnings)),
        )
        chosen = subscribers.get(address or next(iter(subscribers), ""))
        day = day or self.store.library.latest_day()
        if chosen is None:
            problem = f"{address}: no subscriber has this address" if address else "nobody subscribes yet"
            return replace(view, troubles=(f"{problem}; see subscribers.yaml",))
        if day is None or day not in view.days:
            when, option = (f"for {day}", f" --date {day}") if day else ("yet", "")
            return replace(view, troubles=(f"nothing was fetched {when}; run `paperround fetch{option}`",))
        (current,) = overlaid([chosen], self.store.preferences.overlays())
        try:
            return replace(view, proof=self._proof(current, day))
        except TemplateError as error:
            return replace(view, troubles=(str(error),))

    def _proof(self, subscriber: Subscriber, day: date) -> Proof:
        return proof_of(
            subscriber,
            day,
            number=self.ids[subscriber.address],
            library=self.store.library,
            ledger=self.store.ledger,
            letters=self.letters,
            embedder=self.embedder,
        )


def _holds_folders(paths: Iterable[str]) -> bool:
    # A folder that was made anew is watched no more, though its name is the same.
    return any(Path(path).is_dir() for path in paths)


def _nearest(folder: Path) -> Path:
    folder = folder.resolve()
    return next(path for path in (folder, *folder.parents) if path.is_dir())
