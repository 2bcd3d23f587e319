"""The image as a container engine runs it; `make image-check` builds it and names the engine."""

import asyncio
import json
import os
import random
import shlex
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fakes.service import free_port, set_up
from tests.fakes.unreliable_relay import UnreliableRelay

ENGINE = shlex.split(os.environ.get("IMAGE_ENGINE", ""))
pytestmark = pytest.mark.skipif(
    not ENGINE, reason="no container engine is named; `make image-check` names one"
)

READERS = tuple(f"reader{number}" for number in range(300))
CONNECTIONS = 4
# As compose.yaml has it; the network is that of the host, for the relay and the pages are on its loopback.
OPTIONS = "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network host"


@dataclass
class Container:
    """A container of the image, with a config and with a volume for its store, which outlives it."""

    config: Path
    volume: str
    port: int = field(default_factory=free_port)
    name: str = ""

    def start(self) -> None:
        """Start it with nothing but its config and its environment."""
        mounts = f"-v {self.config}:/srv/paperround/config:ro -v {self.volume}:/srv/paperround/var"
        environment = f"-e PAPERROUND_WEB_PORT={self.port} -e PAPERROUND_WEB_HOST=127.0.0.1"
        self.name = engine(f"run --detach {OPTIONS} {mounts} {environment} localhost/paperround")

    def runs(self, command: str) -> bool:
        """Return whether the command ends well in it."""
        return (
            subprocess.run([*ENGINE, "exec", self.name, *shlex.split(command)], check=False).returncode == 0
        )

    def asks(self, command: str) -> str:
        """Return what the command says in it."""
        return engine(f"exec {self.name} {command}")

    def until(self, happened: Callable[[], object]) -> None:
        give_up = time.monotonic() + 120
        while not happened():
            assert time.monotonic() < give_up, engine(f"logs {self.name}")
            time.sleep(0.2)

    def end(self) -> int:
        """Ask it to end, as `stop` does, and return how it did."""
        engine(f"stop --time 660 {self.name}")
        return self.ended()

    def ended(self) -> int:
        return int(engine(f"wait {self.name}"))

    def remove(self) -> None:
        if self.name:
            engine(f"rm --force {self.name}")


def engine(command: str) -> str:
    """Return what the engine says to a command."""
    return subprocess.run(
        [*ENGINE, *shlex.split(command)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@pytest.fixture
def volume() -> Iterator[str]:
    name = engine("volume create")
    yield name
    engine(f"volume rm --force {name}")


@pytest.fixture
def container(tmp_path: Path, volume: str) -> Iterator[Container]:
    tmp_path.chmod(0o755)  # its user is another one
    container = Container(tmp_path, volume)
    yield container
    container.remove()


def test_it_needs_a_config_alone_runs_as_its_user_and_writes_where_its_store_is(container: Container) -> None:
    set_up(container.config, "ada")
    container.start()
    container.until(lambda: container.runs("python -m paperround.probing"))
    assert container.asks("id -u") == "10001"
    assert container.asks("cat /proc/1/comm") == "paperround"
    assert "CapEff:\t0000000000000000" in container.asks("cat /proc/1/status").splitlines()
    assert container.runs("touch /srv/paperround/var/probe /tmp/probe")
    for place in ("/srv/paperround/probe", "/opt/paperround/probe", "/probe", "/srv/paperround/config/probe"):
        assert not container.runs(f"touch {place}")
    container.until(lambda: container.runs("sh -c 'ls var/outbox | grep -q ada'"))
    assert container.end() == 0


def test_ended_in_the_midst_of_a_round_it_finishes_what_is_in_hand_and_the_next_one_the_rest(
    container: Container,
) -> None:
    async def body() -> None:
        async with UnreliableRelay(random.Random(0)) as relay:
            there = f"host: 127.0.0.1, port: {relay.port}, tls: none, connections: {CONNECTIONS}"
            set_up(container.config, *READERS, settings=f"relay: {{{there}}}\n")
            # The signal comes while the relay has a letter and has said nothing of it yet.
            relay.when("BODY", 100, lambda: engine(f"kill --signal TERM {container.name}"))
            await asyncio.to_thread(container.start)
            assert await asyncio.to_thread(container.ended) == 0
            assert 100 <= len(relay.accepted) < 100 + CONNECTIONS
            await asyncio.to_thread(container.remove)
            await asyncio.to_thread(container.start)
            await asyncio.to_thread(container.until, lambda: len(relay.accepted) >= len(READERS))
            rows = json.loads(await asyncio.to_thread(container.asks, "paperround log --format json"))
            assert await asyncio.to_thread(container.end) == 0
            letters = Counter(each.recipient for each in relay.accepted)
            assert letters == {f"{name}@example.org": 1 for name in READERS}
            assert [row["status"] for row in rows] == ["sent"] * len(READERS)

    asyncio.run(body())
