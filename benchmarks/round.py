"""How fast a whole round is, from ranking to the relay's last reply, for very many readers.

    python benchmarks/round.py [FOLDER] [--papers N] [--readers N ...] [--transport standard|pipelined]

FOLDER holds recorded days; without it the papers are generated. The readers are drawn as by
`ranking_speed.py`, and none of their letters was made before. Each is signed with a key of 2,048 bits,
entered in a store that waits for the disk, and handed to a sink over loopback. Each number of readers has a
process and a store of its own. Beside it, for a few of the same letters, what stands nearest to hand: MJML
compiled for each, `EmailMessage`, dkimpy, and `smtplib` with a connection and a commit for each; without any
ranking. A JSON line for each number of readers.
"""

import asyncio
import json
import logging
import random
import smtplib
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import dkim
import structlog
import typer
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mjml import mjml2html

from composing import each_by_itself, everyone
from delivering import sink
from paperround.app import open_desk
from paperround.batches import Batch, BatchState
from paperround.composing import compose, issue
from paperround.config import load
from paperround.desk import Desk
from paperround.papers import Paper
from paperround.ports import Status
from paperround.posting import post
from paperround.rendering import Footer, templates
from paperround.rendering.views import Draft, Mail
from paperround.settings import Settings, Transport
from paperround.store import open_store
from paperround.subscribers import Subscriber
from ranking_speed import SEED, papers_of, peak

DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
READERS = (1_000, 10_000)
SAMPLE = 40  # letters made in the other way
CONFIG = """
from: Paper Round <papers@example.org>
public_url: https://papers.example.org
postal_address: 1 Example Street, London
store: sqlite:///{folder}/store.db
sources: [{{kind: file, path: none.jsonl}}]
relay: {{host: 127.0.0.1, port: {port}, tls: none, connections: 16, transport: {transport}}}
dkim: {{selector: s1, domain: example.org}}
"""


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Recorded days; without it papers are made up.")
    ] = None,
    *,
    papers: Annotated[int, typer.Option(min=1)] = 1_000,
    readers: Annotated[list[int], typer.Option(min=1)] = list(READERS),  # noqa: B006 - typer's way
    transport: Transport = Transport.PIPELINED,
) -> None:
    """Make the round for each number of readers, and say how long it takes and how much memory."""
    if len(readers) > 1:
        each_by_itself(__file__, folder, readers, f"--papers={papers}", f"--transport={transport}")
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    day = papers_of(folder, papers, chance)
    subscribers = everyone(day, readers[0], chance)
    with TemporaryDirectory() as place, sink(0) as port:
        settings = replace(_settings(Path(place), port, transport), subscribers=tuple(subscribers))
        figures = asyncio.run(_measured(day, subscribers, settings))
        beside = _nearest_to_hand(day, subscribers[:SAMPLE], settings, port)
    figures["times"] = round(beside / float(figures["ms_per_letter"]), 1)
    line = {"readers": readers[0], "papers": len(day), **figures, "beside_ms_per_letter": round(beside, 1)}
    print(json.dumps(line), flush=True)


def _settings(folder: Path, port: int, transport: Transport) -> Settings:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (folder / "paperround.yaml").write_text(
        CONFIG.format(folder=folder, port=port, transport=transport), encoding="utf-8"
    )
    (folder / "subscribers.yaml").write_text("subscribers: []\n", encoding="utf-8")
    (folder / "none.jsonl").touch()
    return load(folder, {"PAPERROUND_DKIM_KEY": pem}, dotenv=folder / ".env").settings


async def _measured(
    day: Sequence[Paper], subscribers: Sequence[Subscriber], settings: Settings
) -> dict[str, float]:
    with closing(open_store(settings.store)) as store:
        batch = Batch(source="Recorded", day=DAY, state=BatchState.FRESH, papers=tuple(day))
        store.library.record(batch, now=NOW)
        async with open_desk(settings, now=lambda: datetime.now(UTC), store=store) as desk:
            before, begun, used = peak(), time.perf_counter(), time.process_time()
            written = await asyncio.to_thread(_composed, desk, subscribers)
            composed, used_by_composing = time.perf_counter(), time.process_time()
            delivered = await post(desk)
            ended, used_in_all = time.perf_counter(), time.process_time()
    if delivered.attempts != written:
        sys.exit(f"{written} letters were written and {delivered.attempts} sent: {delivered.stopped}")
    return {
        "letters": written,
        "seconds": round(ended - begun, 2),
        "letters_per_second": round(written / (ended - begun), 1),
        "ms_per_letter": round((ended - begun) / written * 1e3, 2),
        "us_of_processor_composing": round((used_by_composing - used) / written * 1e6),
        "us_of_processor_delivering": round((used_in_all - used_by_composing) / written * 1e6),
        "seconds_composing": round(composed - begun, 2),
        "peak_mb": round(peak()),
        "peak_mb_before": round(before),
    }


def _composed(desk: Desk, subscribers: Sequence[Subscriber]) -> int:
    """Compose the day, and return how many letters there are to send."""
    compose(
        DAY,
        subscribers,
        library=desk.library,
        ledger=desk.ledger,
        letters=desk.letters.for_round(),
        now=desk.now,
        catch_up=desk.catch_up,
    )
    tally = desk.ledger.tally(list(desk.ledger.planned(DAY)), DAY)
    return tally.get(Status.PLANNED, 0)


def _nearest_to_hand(
    day: Sequence[Paper], subscribers: Sequence[Subscriber], settings: Settings, port: int
) -> float:
    """Return the milliseconds that a letter takes where each is made and sent by itself."""
    mails = _mails(day, subscribers)
    source, text = templates.uncompiled(None), templates.load(None).text
    key = settings.dkim.key.encode() if settings.dkim else b""
    with TemporaryDirectory() as place, closing(sqlite3.connect(Path(place) / "log.db")) as log:
        log.execute("PRAGMA synchronous = FULL")
        log.execute("CREATE TABLE sent (number INTEGER PRIMARY KEY)")
        begun = time.perf_counter()
        for number, mail in enumerate(mails):
            message = EmailMessage()
            message["From"], message["To"] = "papers@example.org", "reader@example.org"
            message["Subject"], message["Message-ID"] = mail.subject, f"<{number}@example.org>"
            message.set_content(str(text(mail)))
            message.add_alternative(mjml2html(source(mail), fonts={}), subtype="html")
            whole = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
            signed = dkim.sign(whole, b"s1", b"example.org", key) + whole
            with smtplib.SMTP("127.0.0.1", port) as relay:
                relay.sendmail("papers@example.org", ["reader@example.org"], signed)
            log.execute("INSERT INTO sent VALUES (?)", (number,))
            log.commit()
        return (time.perf_counter() - begun) / len(mails) * 1e3


def _mails(day: Sequence[Paper], subscribers: Sequence[Subscriber]) -> list[Mail]:
    footer = Footer(unsubscribe="https://papers.example.org/u/1", postal_address="1 Example Street")
    with TemporaryDirectory() as place, closing(open_store(f"sqlite:///{Path(place) / 's.db'}")) as store:
        store.library.record(
            Batch(source="Recorded", day=DAY, state=BatchState.FRESH, papers=tuple(day)), now=NOW
        )
        ids = store.ledger.enrol([each.address for each in subscribers], now=NOW)
        digests = issue(DAY, subscribers, store.library, store.ledger, ids=ids).digests()
        return [Draft(digest, footer).mail(0) for digest in digests if digest.picks]


if __name__ == "__main__":
    typer.run(main)
