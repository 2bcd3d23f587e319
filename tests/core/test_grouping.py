import asyncio
from collections.abc import Sequence
from threading import Event

import pytest

from paperround.grouping import Together


class Clerk:
    """Works off groups, each once it is let go on, and remembers them."""

    def __init__(self, *, most: int = 100) -> None:
        self.groups: list[list[int]] = []
        self.go_on = Event()
        self._most = most

    def work(self, group: Sequence[int]) -> Sequence[str]:
        self.groups.append(list(group))
        assert self.go_on.wait(10)
        if 13 in group:
            raise OSError("not with this one")
        return [f"done {each}" for each in group][: self._most]


async def started(together: Together[int, str], *asked: int) -> list[asyncio.Task[str]]:
    tasks = [asyncio.ensure_future(together(each)) for each in asked]
    await asyncio.sleep(0)
    return tasks


def test_what_comes_while_one_is_at_work_is_the_next_group() -> None:
    clerk = Clerk()

    async def scenario() -> list[str]:
        together = Together(clerk.work)
        first = await started(together, 1)
        while not clerk.groups:  # noqa: ASYNC110 - a thread fills it
            await asyncio.sleep(0.001)
        rest = await started(together, 2, 3, 4)
        clerk.go_on.set()
        return await asyncio.gather(*first, *rest)

    assert asyncio.run(scenario()) == ["done 1", "done 2", "done 3", "done 4"]
    assert clerk.groups == [[1], [2, 3, 4]]


def test_who_is_not_answered_is_asked_for_again_before_who_comes_later() -> None:
    clerk = Clerk(most=2)

    async def scenario() -> list[str]:
        together = Together(clerk.work)
        first = await started(together, 1, 2, 3)
        while not clerk.groups:  # noqa: ASYNC110 - a thread fills it
            await asyncio.sleep(0.001)
        later = await started(together, 4)
        clerk.go_on.set()
        return await asyncio.gather(*first, *later)

    assert asyncio.run(scenario()) == ["done 1", "done 2", "done 3", "done 4"]
    assert clerk.groups == [[1, 2, 3], [3, 4]]


def test_an_error_reaches_each_of_its_group_and_nobody_else() -> None:
    clerk = Clerk()
    clerk.go_on.set()

    async def scenario() -> None:
        together = Together(clerk.work)
        for task in await started(together, 12, 13):
            with pytest.raises(OSError, match="not with this one"):
                await task
        assert await together(14) == "done 14"

    asyncio.run(scenario())


def test_who_waits_no_longer_keeps_nobody_else_from_an_answer() -> None:
    clerk = Clerk()

    async def scenario() -> str:
        together = Together(clerk.work)
        gone, stays = await started(together, 1, 2)
        gone.cancel()
        clerk.go_on.set()
        return await stays

    assert asyncio.run(scenario()) == "done 2"
