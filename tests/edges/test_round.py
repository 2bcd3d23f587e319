"""The product as its users run it: real files and processes, recorded days, a real SMTP conversation."""

import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paperround.delivery.catcher import Catcher, Caught

CONFIG = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
sources:
  - {{kind: huggingface, base_url: "{feeds}"}}
  - {{kind: arxiv, base_url: "{feeds}", categories: [cs.CL, cs.RO]}}
relay: {{host: 127.0.0.1, port: {port}, tls: none, connections: 2}}
"""

SUBSCRIBERS = """\
defaults: {timezone: Europe/London}
subscribers:
  - {email: ada@example.org, keywords: [LoRA, diffusion models], max_papers: 5, trending: 1}
  - {email: grace@example.org, keywords: [robotics, planning], exclude: [survey]}
  - {email: emmy@example.org, keywords: [quantum chromodynamics]}
"""


@dataclass
class Feeds:
    """The stand-in for the feeds' hosts."""

    url: str

    def requests(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/_log") as answer:  # noqa: S310 - loopback
            return list(json.load(answer))

    def move_to(self, day: str) -> None:
        urllib.request.urlopen(f"{self.url}/_today", data=day.encode()).close()  # noqa: S310 - loopback


@pytest.fixture
def feeds(recorded: Path) -> Iterator[Callable[..., Feeds]]:
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> Feeds:
        script = recorded / "tools" / "stand_in_feeds.py"
        command = [sys.executable, str(script), "--port", "0", "--today", "2026-06-16", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return Feeds(url=process.stdout.readline().split()[0])

    yield start
    for process in running:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@dataclass
class Installation:
    """A folder with a config, and the command run on it."""

    folder: Path

    async def __call__(self, *arguments: str) -> tuple[int, str, str]:
        process = await self.start(*arguments)
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "paperround",
            *arguments,
            "--config",
            str(self.folder),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command answers
        code, out, err = await self(*arguments, "--format", "json")
        assert code in (0, 1), err
        return json.loads(out)


def installed(folder: Path, feeds: str, port: int, subscribers: str = SUBSCRIBERS) -> Installation:
    (folder / "paperround.yaml").write_text(CONFIG.format(folder=folder, feeds=feeds, port=port))
    (folder / "subscribers.yaml").write_text(subscribers)
    return Installation(folder)


def with_relay(folder: Path, body: Callable[[Catcher], Coroutine[Any, Any, None]]) -> None:
    async def go() -> None:
        async with Catcher(folder / "mail") as catcher:
            await body(catcher)

    asyncio.run(go())


def papers_of(rows: list[dict[str, Any]], address: str) -> list[str]:
    return [paper for row in rows if row["subscriber"] == address for paper in row["papers"]]


def test_a_day_is_sent_once_and_the_next_brings_nothing_twice(
    tmp_path: Path, feeds: Callable[..., Feeds]
) -> None:
    stand_in = feeds()

    async def body(catcher: Catcher) -> None:
        paperround = installed(tmp_path, stand_in.url, catcher.port)
        first = await paperround.json("send", "--date", "2026-06-16")
        assert first == {
            "day": "2026-06-16",
            "subscribers": 3,
            "sent": 2,
            "deferred": 0,
            "failed": 0,
            "suppressed": 0,
            "quiet": 1,
            "unknown": 0,
            "pending": 0,
        }
        asked = len(stand_in.requests())
        code, out, _ = await paperround("send", "--date", "2026-06-16")
        assert code == 0
        assert "nothing was fetched, nothing was sent" in out
        assert len(stand_in.requests()) == asked
        assert Counter(caught.recipient for caught in catcher.received) == {
            "ada@example.org": 1,
            "grace@example.org": 1,
        }

        stand_in.move_to("2026-06-17")
        second = await paperround.json("send", "--date", "2026-06-17")
        assert (second["sent"], second["quiet"]) == (2, 1)
        rows = await paperround.json("log")
        for address in ("ada@example.org", "grace@example.org"):
            papers = papers_of(rows, address)
            assert len(papers) == len(set(papers)) > 5

        why = await paperround.json("why", "ada@example.org", "--date", "2026-06-16")
        assert why["considered"] == len(why["picks"]) + len(why["titles"]) + sum(why["rejected"].values())
        assert {batch["source"] for batch in why["batches"]} == {"Hugging Face", "arXiv"}
        assert all(pick["reasons"] for pick in why["picks"])

    with_relay(tmp_path, body)


def test_both_sources_give_one_paper_where_they_mean_the_same_work(
    tmp_path: Path, feeds: Callable[..., Feeds]
) -> None:
    async def body(catcher: Catcher) -> None:
        paperround = installed(tmp_path, feeds().url, catcher.port)
        batches = await paperround.json("fetch", "--date", "2026-06-16")
        assert [batch["state"] for batch in batches if batch["day"] == "2026-06-16"] == ["fresh", "fresh"]
        listed = sum(batch["papers"] for batch in batches if batch["day"] == "2026-06-16")
        why = await paperround.json("send", "--date", "2026-06-16")
        assert why["sent"] == 2
        considered = (await paperround.json("why", "ada@example.org"))["considered"]
        assert 0 < listed - considered < 34

    with_relay(tmp_path, body)


@pytest.mark.parametrize("broken", ["hf", "arxiv"])
def test_one_broken_source_does_not_keep_the_other_from_the_readers(
    tmp_path: Path, feeds: Callable[..., Feeds], broken: str
) -> None:
    async def body(catcher: Catcher) -> None:
        paperround = installed(tmp_path, feeds("--fault", "object:9", "--only", broken).url, catcher.port)
        outcome = await paperround.json("send", "--date", "2026-06-16")
        assert outcome["sent"] == 2
        why = await paperround.json("why", "grace@example.org")
        states = {batch["source"]: batch["state"] for batch in why["batches"]}
        names = {"hf": "Hugging Face", "arxiv": "arXiv"}
        assert states.pop(names[broken]) == "failed"
        assert set(states.values()) == {"fresh"}

    with_relay(tmp_path, body)


@pytest.mark.parametrize("command", ["fetch", "send"])
def test_a_request_to_stop_is_heard_while_a_source_is_silent(
    tmp_path: Path, feeds: Callable[..., Feeds], command: str
) -> None:
    stand_in = feeds("--fault", "slow:9")

    async def body(catcher: Catcher) -> None:
        paperround = installed(tmp_path, stand_in.url, catcher.port)
        process = await paperround.start(command, "--date", "2026-06-16")
        while not stand_in.requests():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):  # the source is silent for longer
            _, err = await process.communicate()
        assert process.returncode == 1
        assert b"stopped by request" in err
        assert b"Traceback" not in err

    with_relay(tmp_path, body)


def test_a_kill_at_any_moment_loses_no_letter_and_doubles_at_most_the_one_in_hand(
    tmp_path: Path, feeds: Callable[..., Feeds]
) -> None:
    readers = [f"reader{n}@example.org" for n in range(24)]
    lines = "".join(f"  - {{email: {each}, keywords: [LLM]}}\n" for each in readers)
    subscribers = f"defaults: {{timezone: Europe/London}}\nsubscribers:\n{lines}"

    async def body(catcher: Catcher) -> None:
        paperround = installed(tmp_path, feeds().url, catcher.port, subscribers)
        kills = 0
        while len(catcher.received) < len(readers) and kills < 12:
            before = len(catcher.received)
            process = await paperround.start("send", "--date", "2026-06-16")
            while (  # noqa: ASYNC110 - the catcher has no event to wait for
                len(catcher.received) < before + 3 and process.returncode is None
            ):
                await asyncio.sleep(0.001)
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            await process.communicate()
        outcome = await paperround.json("send", "--date", "2026-06-16")
        assert kills
        _check_copies(catcher.received, readers, kills=kills)
        # What two kills caught in the gap is held for a person, though its reader has it.
        assert outcome["sent"] + outcome["unknown"] == len(readers)
        assert outcome["unknown"] <= kills

    with_relay(tmp_path, body)


def _check_copies(received: list[Caught], readers: list[str], *, kills: int) -> None:
    copies: dict[str, list[bytes]] = {}
    for caught in received:
        message = caught.message
        copies.setdefault(caught.recipient, []).append(message)
    assert copies.keys() == set(readers)
    assert all(len(set(each)) == 1 for each in copies.values())
    # Two connections: a kill leaves at most two letters in doubt.
    assert sum(len(each) - 1 for each in copies.values()) <= 2 * kills
