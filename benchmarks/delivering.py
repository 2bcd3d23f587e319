"""How fast letters are handed to a relay: pipelined beside one command after the other.

    python benchmarks/delivering.py [--letter BYTES] [--seconds SECONDS]

The relay is a sink in a process of its own, on loopback; its replies take as long as a round trip would. One
JSON line for each round trip, number of connections and transport.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Annotated, cast

import typer

from paperround.delivery.smtp import SmtpRelay
from paperround.settings import RelaySettings, Tls, Transport

ROUND_TRIPS = (0, 20)  # milliseconds
CONNECTIONS = (1, 16)
ROUNDS = 3  # of which the fastest counts


def main(
    *,
    letter: Annotated[int, typer.Option(min=100, help="The bytes of each letter.")] = 42_000,
    seconds: Annotated[float, typer.Option(min=0.05, help="How long each round takes.")] = 2,
) -> None:
    """Hand letters over in each way, and say how many that are in a second."""
    message = b"Message-ID: <1@example.org>\r\n\r\n" + (b"x" * 70 + b"\r\n") * (letter // 72)
    for round_trip in ROUND_TRIPS:
        with sink(round_trip / 1000) as port:
            for connections in CONNECTIONS:
                best = dict.fromkeys(Transport, 0.0)
                # In turns, so that what else the machine does falls on both.
                for transport in (*Transport,) * ROUNDS:
                    settings = RelaySettings(
                        host="127.0.0.1",
                        port=port,
                        tls=Tls.NONE,
                        connections=connections,
                        transport=transport,
                    )
                    rate = asyncio.run(_per_second(settings, message, seconds))
                    best[transport] = max(best[transport], rate)
                _tell(best, round_trip=round_trip, connections=connections)


def _tell(best: dict[Transport, float], *, round_trip: int, connections: int) -> None:
    for transport, rate in best.items():
        line = {
            "round_trip_ms": round_trip,
            "connections": connections,
            "transport": transport.value,
            "per_second": round(rate, 1),
            "times_standard": round(rate / best[Transport.STANDARD], 2),
        }
        print(json.dumps(line), flush=True)


async def _per_second(settings: RelaySettings, message: bytes, seconds: float) -> float:
    """Return how many letters are accepted in a second, once each connection is there."""
    relay = SmtpRelay(settings, messages_per_connection=1_000_000)
    sent = 0

    async def send() -> None:
        await relay.send(
            sender="papers@example.org",
            recipient="ada@example.org",
            message=message,
            begin_data=_marked_at_once,
        )

    async def walk(until: float) -> None:
        nonlocal sent
        while time.perf_counter() < until:
            await send()
            sent += 1

    await asyncio.gather(*(send() for _ in range(settings.at_once)))
    begun = time.perf_counter()
    await asyncio.gather(*(walk(begun + seconds) for _ in range(settings.at_once)))
    took = time.perf_counter() - begun
    await relay.close()
    return sent / took


async def _marked_at_once() -> None:
    pass


@contextmanager
def sink(round_trip: float) -> Iterator[int]:
    """Run the sink in a process of its own, and give its port."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, round_trip), daemon=True)
    process.start()
    try:
        port: int = ours.recv()
        yield port
    finally:
        process.terminate()
        process.join()


def _serve(port: Connection, round_trip: float) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Sink(round_trip), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class _Sink(asyncio.Protocol):
    """Takes every message; what it replies to all that has come at once is on its way for a round trip."""

    def __init__(self, round_trip: float) -> None:
        self._round_trip = round_trip
        self._rest = bytearray()
        self._takes_message = False
        self._replies: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        replies = b""
        while (end := self._rest.find(_DOT if self._takes_message else b"\r\n")) >= 0:
            command = bytes(self._rest[:end]).upper()
            del self._rest[: end + (len(_DOT) if self._takes_message else 2)]
            replies += b"250 ok\r\n" if self._takes_message else _USUAL.get(command[:4], b"250 ok\r\n")
            self._takes_message = not self._takes_message and command == b"DATA"
        if replies:
            self._replies.append(replies)
            asyncio.get_running_loop().call_later(self._round_trip, self._reply)

    def _reply(self) -> None:
        self._transport.write(self._replies.popleft())


_DOT = b"\r\n.\r\n"
_USUAL = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"QUIT": b"221 bye\r\n",
}


if __name__ == "__main__":
    typer.run(main)
