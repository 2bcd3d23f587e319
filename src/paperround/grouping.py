"""Calls that are made at the same time, done as one: what comes while one is at work is the next."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Does in one thread, one group after another, what tasks of one event loop ask for.

    To write a row costs microseconds, to commit it and to hand it to another thread hundreds of them; so
    the rows share both. No task waits for others to come: the first finds nobody at work, and what comes
    meanwhile is the next group. `work` answers each of a group in turn, or only the first of them, and is
    asked again for the rest. What it raises is raised to each of the group.
    """

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, asked: T) -> R:
        """Return what `work` answers to this, along with what others ask."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await answer

    async def _work_off(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                answers = await asyncio.to_thread(self._work, [asked for asked, _ in group])
            except Exception as error:  # noqa: BLE001 - raised to whoever asked
                for _, waiting in group:
                    if not waiting.done():
                        waiting.set_exception(error)
                continue
            for (_, waiting), answer in zip(group, answers, strict=False):
                if not waiting.done():  # who asked may have been cancelled
                    waiting.set_result(answer)
            self._waiting[:0] = group[len(answers) :]
