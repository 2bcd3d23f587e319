"""What watching programs are told, and who is told it."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from tests.fakes.plans import NOW, TUESDAY, bring_to, letter
from tests.fakes.relay import MemoryRelay
from tests.fakes.world import paper, refused

from paperround.alarms import Alarm, Condition, Turn
from paperround.batches import Batch, BatchState
from paperround.metrics import Monitor
from paperround.ports import (
    Bounce,
    Cause,
    Effect,
    Interrupted,
    Relay,
    RelayUnusable,
    Status,
    StoreError,
    Unanswered,
    Weight,
)
from paperround.store import Store, open_store
from paperround.web.monitoring import Probes, monitoring_routes

DISK, RELAY = Condition.DISK, Condition.RELAY
ADDRESS = "ada@example.org"
TOKEN = "a long secret"  # noqa: S105 - for these tests
LATER = NOW + timedelta(minutes=10)


class Ticking:
    """A clock on which two seconds pass between looks."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 2
        return self.time


def monitor(store: Store) -> Monitor:
    return Monitor(
        figures=store.figures,
        revision=store.revision,
        outdated=store.outdated,
        now=lambda: LATER,
        clock=Ticking(),
    )


def samples(text: bytes) -> dict[str, float]:
    """Return what is told, by the name with its labels."""
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_an_empty_store_is_told_in_noughts(url: str) -> None:
    with closing(open_store(url)) as store:
        told = samples(monitor(store).exposition(last_well=None))
    assert told["paperround_store_up"] == 1
    assert told["paperround_queue_age_seconds"] == 0
    assert told["paperround_deliveries unknown"] == 0
    assert told["paperround_attempts_total accepted"] == 0
    assert "paperround_last_well_timestamp_seconds" not in told


def test_what_the_store_holds_is_counted(url: str) -> None:
    with closing(open_store(url)) as store:
        fill(store)
        text = monitor(store).exposition(last_well=LATER)
    told = samples(text)
    expected = {
        "paperround_batches arXiv fresh": 1,
        "paperround_batches arXiv failed": 0,
        "paperround_newest_batch_timestamp_seconds arXiv": datetime(2026, 6, 16, tzinfo=UTC).timestamp(),
        "paperround_papers": 2,
        "paperround_digests": 4,
        "paperround_deliveries failed": 1,
        "paperround_deliveries unknown": 2,
        "paperround_deliveries planned": 1,
        "paperround_queue_age_seconds": 600,
        "paperround_unknown_waiting": 1,
        "paperround_suppressed bounced": 1,
        "paperround_suppressed complained": 0,
        "paperround_returned suppressed": 1,
        "paperround_alarm disk_low": 1,
        "paperround_alarm relay_unusable": 0,
        "paperround_last_well_timestamp_seconds": LATER.timestamp(),
    }
    assert {name: told[name] for name in expected} == expected
    assert b"@" not in text


def fill(store: Store) -> None:
    """Enter a batch; a letter that came back, two unknown ones, one of them held, and one planned; alarms,
    one of which stands.
    """
    batch = Batch(source="arXiv", day=TUESDAY, state=BatchState.FRESH, papers=(paper("a"), paper("b")))
    store.library.record(batch, now=NOW)
    ids = store.ledger.enrol([ADDRESS, "eve@example.org", "bob@example.org", "dan@example.org"], now=NOW)
    bring_to(store.ledger, ids[ADDRESS], Status.SENT)
    (row,) = store.ledger.rows()
    bounce = Bounce(delivery=row.id, weight=Weight.HARD, words="550 5.1.1")
    assert store.returns.enter(bounce, b"digest", now=NOW).effect is Effect.SUPPRESSED
    assert store.ledger.suppressions()[ids[ADDRESS]].cause is Cause.BOUNCED
    bring_to(store.ledger, ids["eve@example.org"], Status.UNKNOWN)
    store.ledger.give_up(LATER, now=NOW)  # which holds what is unknown so far
    bring_to(store.ledger, ids["dan@example.org"], Status.UNKNOWN)
    store.ledger.plan([letter(ids["bob@example.org"], TUESDAY)], now=NOW)
    store.ledger.plan([letter(ids[ADDRESS], TUESDAY)], now=NOW)  # is there already
    disk, relay = (Alarm(condition=each, subject="it", sentence="low") for each in (DISK, RELAY))
    store.alarms.enter(Turn(raised=(disk, relay)), now=NOW)
    store.alarms.enter(Turn(ended=frozenset({relay.key})), now=NOW)


def test_a_store_that_does_not_answer_is_told_too(url: str) -> None:
    def broken() -> object:
        raise StoreError("the disk is gone")

    with closing(open_store(url)) as store:
        silent = Monitor(
            figures=broken,  # type: ignore[arg-type]
            revision=store.revision,
            outdated=store.outdated,
            now=lambda: NOW,
        )
    told = samples(silent.exposition(last_well=None))
    assert told["paperround_store_up"] == 0
    assert "paperround_papers" not in told
    assert told["paperround_attempts_total accepted"] == 0


FAULTS = [
    (refused(550, "no"), "refused"),
    (Interrupted("broken off"), "interrupted"),
    (Unanswered("no word"), "unanswered"),
    (RelayUnusable("no way"), "unusable"),
]


def test_each_attempt_is_counted_once_and_timed_where_the_relay_decided(url: str) -> None:
    async def scenario(relay: Relay) -> None:
        for fault, _ in FAULTS:
            with pytest.raises(type(fault)):
                await send(relay)
        assert await send(relay) == "250 2.0.0 handed over as 2"
        await relay.close()

    with closing(open_store(url)) as store:
        watching = monitor(store)
        asyncio.run(scenario(watching.measured(MemoryRelay(faults={ADDRESS: [each for each, _ in FAULTS]}))))
        told = samples(watching.exposition(last_well=None))
    for outcome in ("accepted", *(outcome for _, outcome in FAULTS)):
        assert told[f"paperround_attempts_total {outcome}"] == 1
    assert told["paperround_smtp_seconds_count"] == 2
    assert told["paperround_smtp_seconds_sum"] == 4


async def send(relay: Relay) -> str:
    async def begin_data() -> None:
        return

    return await relay.send(sender="p@example.org", recipient=ADDRESS, message=b"", begin_data=begin_data)


def ask(path: str, app: Starlette, *, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    async def conversation() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.get(path, headers=named)

    return asyncio.run(conversation())


def app(*, token: str | None = None, problem: str = "") -> Starlette:
    probes = Probes(ready=lambda: problem, metrics=lambda: b"up 1\n", token=token)
    return Starlette(routes=monitoring_routes(probes))


def test_without_a_token_metrics_are_for_this_machine_alone() -> None:
    assert ask("/metrics", app()).text == "up 1\n"
    assert ask("/metrics", app(), client="::1").status_code == 200
    assert ask("/metrics", app(), client="192.0.2.1").status_code == 404
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP"):
        assert ask("/metrics", app(), **{header: "192.0.2.1"}).status_code == 404


def test_a_token_lets_its_holder_in_from_anywhere_and_nobody_else() -> None:
    guarded = app(token=TOKEN)
    assert ask("/metrics", guarded, client="192.0.2.1", Authorization=f"Bearer {TOKEN}").status_code == 200
    for wrong in ("", "Bearer", "Bearer another", f"Basic {TOKEN}"):
        answer = ask("/metrics", guarded, Authorization=wrong)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in repr(Probes(ready=str, metrics=bytes, token=TOKEN))


def test_a_service_is_ready_while_the_store_is_as_it_needs_it(url: str) -> None:
    assert ask("/readyz", app()).json() == {"ready": True, "problem": ""}
    answer = ask("/readyz", app(problem="the disk is gone"))
    assert (answer.status_code, answer.json()["problem"]) == (503, "the disk is gone")
    with closing(open_store(url)) as store:
        watching = monitor(store)
        assert watching.ready() == ""
        with store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        assert "at revision 9999 and not" in watching.ready()
