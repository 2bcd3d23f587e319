"""A copy of the store, and the way back to it: nothing twice, nothing lost, nobody written to who left."""

import asyncio
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from tests.fakes.plans import LATER, MONDAY, NOW, READER, TUESDAY, bring_to, claim, letter, row

from paperround.ports import Cause, DeliveryId, Status, StoreError, SubscriberId
from paperround.preferences import Hour, HourChange
from paperround.restoring import NOT_KNOWN, Restored, restore
from paperround.shifts import shift
from paperround.store import Store, open_store
from paperround.subscribers import Subscriber

WEDNESDAY, THURSDAY, FRIDAY = (TUESDAY + timedelta(days=days) for days in (1, 2, 3))
FRIDAY_NOON = NOW + timedelta(days=3, hours=7)


def reader(name: str) -> Subscriber:
    return Subscriber(address=f"{name}@example.org", timezone=READER.timezone, deliver_at=READER.deliver_at)


ADA, GRACE = reader("ada"), reader("grace")


@dataclass
class Place:
    """A folder with a store and a backup of it."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def backup(self) -> Path:
        return self.folder / "backup.db"

    @property
    def workers(self) -> Path:
        return self.folder / "workers"

    @contextmanager
    def open(self) -> Iterator[Store]:
        with closing(open_store(f"sqlite:///{self.store}")) as opened:
            yield opened

    def back_up(self) -> None:
        with self.open() as store:
            store.backup(self.backup)

    def restore(self, *subscribers: Subscriber, hold: bool = True) -> Restored:
        return restore(
            self.backup,
            self.store,
            lambda _: subscribers or (ADA,),
            workers=self.workers,
            catch_up=timedelta(hours=12),
            hold=hold,
            now=FRIDAY_NOON,
        )

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def enrolled(store: Store, reader: Subscriber = ADA) -> SubscriberId:
    return store.ledger.enrol([reader.address], now=NOW)[reader.address]


def statuses(place: Place) -> dict[date, tuple[Status, str]]:
    with place.open() as store:
        return {each.day: (each.status, each.reason) for each in store.ledger.rows(address=ADA.address)}


def test_a_backup_says_what_is_in_it_and_is_for_its_owner_alone(place: Place) -> None:
    with place.open() as store:
        store.ledger.plan([letter(enrolled(store), TUESDAY)], now=LATER)
        contents = store.backup(place.backup)
    assert (contents.subscribers, contents.deliveries, contents.waiting) == (1, 1, 1)
    assert (contents.written_at, contents.papers) == (LATER, 0)
    assert contents.size == place.backup.stat().st_size
    assert stat.S_IMODE(place.backup.stat().st_mode) == 0o600
    assert {each.name for each in place.folder.iterdir()} == {"store.db", "backup.db"}


def test_a_copy_that_is_not_whole_never_gets_the_name(place: Place) -> None:
    with place.open() as store:
        store.ledger.plan([letter(enrolled(store), TUESDAY)], now=NOW)
        store.close()  # the next connections read from the file
        damage(place.store)
        with pytest.raises(StoreError, match="is damaged"):
            store.backup(place.backup)
    assert {each.name for each in place.folder.iterdir()} == {"store.db"}


def test_a_copy_is_read_through_before_it_gets_the_name(place: Place) -> None:
    with place.open() as store:
        store.ledger.plan([letter(enrolled(store), TUESDAY)], now=NOW)
        with store.database.outside_transactions() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            connection.exec_driver_sql("UPDATE deliveries SET status = 'lost'")
        with pytest.raises(StoreError, match="CHECK constraint failed"):
            store.backup(place.backup)
    assert {each.name for each in place.folder.iterdir()} == {"store.db"}


def damage(path: Path) -> None:
    """Overwrite the first page of the deliveries."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'"
        (page,) = connection.execute(query).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("status", [Status.PLANNED, Status.DEFERRED, Status.SENDING, Status.UNKNOWN])
def test_what_waited_in_a_backup_is_held_for_a_person(place: Place, status: Status) -> None:
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), status)
        store.backup(place.backup)
    assert place.restore().held == 1
    with place.open() as store:
        held = row(store.ledger, row_of(store, TUESDAY))
        assert (held.status, held.reason) == (Status.UNKNOWN, NOT_KNOWN)
        assert claim(store.ledger, now=FRIDAY_NOON) is None
        assert store.ledger.resolve(held.id, Status.PLANNED, "", now=FRIDAY_NOON)
        assert claim(store.ledger, now=FRIDAY_NOON) is not None


def row_of(store: Store, day: date) -> DeliveryId:
    (found,) = store.ledger.rows(day=day)
    return found.id


def test_what_had_ended_stays_as_it_was(place: Place) -> None:
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), Status.SENT)
        before = store.ledger.rows()
        store.backup(place.backup)
    assert place.restore().held == 0
    with place.open() as store:
        assert store.ledger.rows(day=TUESDAY) == before


def test_of_the_days_since_the_backup_each_has_a_reason_and_no_digest(place: Place) -> None:
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), Status.SENT, day=MONDAY)
        store.backup(place.backup)
    restored = place.restore()
    assert (restored.since, restored.until, restored.silences) == (TUESDAY, FRIDAY, 4)
    assert statuses(place) == {
        MONDAY: (Status.SENT, ""),
        **dict.fromkeys([TUESDAY, WEDNESDAY, THURSDAY, FRIDAY], (Status.QUIET, NOT_KNOWN)),
    }


def test_a_digest_that_was_late_when_the_backup_was_made_is_not_made_again(place: Place) -> None:
    evening = time(23, 30)
    late = replace(ADA, deliver_at=evening)
    with place.open() as store:
        enrolled(store)  # at six in the morning of Tuesday, in summer
        store.backup(place.backup)
    assert place.restore(late).since == MONDAY


def test_the_hour_that_a_reader_chose_tells_which_digest_was_late(place: Place) -> None:
    evening = Hour(at=time(23, 30), timezone=ADA.timezone)
    with place.open() as store:
        store.preferences.change(enrolled(store), HourChange(hour=evening), now=NOW - timedelta(days=9))
        store.backup(place.backup)
    assert place.restore().since == MONDAY


def test_whoever_came_since_the_backup_gets_nothing_twice_either(place: Place) -> None:
    with place.open() as store:
        enrolled(store)
        store.backup(place.backup)
    place.restore(ADA, GRACE)
    with place.open() as store:
        assert store.ledger.planned(FRIDAY) == set(
            store.ledger.enrol([ADA.address, GRACE.address], now=NOW).values()
        )


def test_to_go_on_leaves_the_letters_and_the_days_as_they_were(place: Place) -> None:
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), Status.PLANNED)
        store.backup(place.backup)
    restored = place.restore(hold=False)
    assert (restored.held, restored.silences, restored.contents.waiting) == (0, 0, 1)
    assert statuses(place) == {TUESDAY: (Status.PLANNED, "")}


def test_a_number_that_was_given_since_the_backup_is_given_to_nobody_else(place: Place) -> None:
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), Status.SENT, day=MONDAY)
        store.backup(place.backup)
        grace = enrolled(store, GRACE)  # whose links hold this number
        store.ledger.plan([letter(grace, TUESDAY)], now=NOW)
        used = row_of(store, TUESDAY)
    place.store.unlink()  # so that nothing of it is known
    place.restore(ADA, reader("carol"), GRACE)
    with place.open() as store:
        ids = store.ledger.enrol(["carol@example.org", GRACE.address, "dan@example.org"], now=NOW)
        assert grace not in ids.values()
        store.ledger.plan([letter(ids["dan@example.org"], FRIDAY)], now=FRIDAY_NOON)
        assert used not in {each.id for each in store.ledger.rows()}


def test_whoever_left_since_the_backup_stays_out(place: Place) -> None:
    with place.open() as store:
        ada = enrolled(store)
        store.ledger.suppress(enrolled(store, reader("gone")), "left", now=NOW)
        store.backup(place.backup)
        store.ledger.suppress(ada, "unsubscribed on Wednesday", now=LATER)
        store.ledger.suppress(enrolled(store, GRACE), "no such mailbox", cause=Cause.BOUNCED, now=LATER)
    assert place.restore(ADA, GRACE).left == 2
    with place.open() as store:
        kept = store.ledger.suppressions()
        assert kept[ada].reason == "unsubscribed on Wednesday"
        assert (kept[enrolled(store, GRACE)].cause, kept[enrolled(store, GRACE)].since) == (
            Cause.BOUNCED,
            LATER,
        )


def test_the_store_that_was_there_is_kept_whole(place: Place) -> None:
    place.back_up()
    with place.open() as store:
        bring_to(store.ledger, enrolled(store), Status.SENT)
        before = store.ledger.rows()
    aside = place.restore().aside
    assert aside == place.folder / "store.db.before-20260619T120000Z"
    with closing(open_store(f"sqlite:///{aside}")) as kept:
        assert kept.ledger.rows() == before
    assert {each.name for each in place.folder.iterdir()} == {"store.db", "backup.db", aside.name}


def test_a_log_that_a_kill_left_behind_is_not_taken_for_that_of_the_backup(place: Place) -> None:
    place.back_up()
    with place.open() as store:
        enrolled(store)
        log = Path(f"{place.store}-wal").read_bytes()
        file = place.store.read_bytes()
    place.store.write_bytes(file)
    Path(f"{place.store}-wal").write_bytes(log)
    aside = place.restore(GRACE).aside
    assert not Path(f"{place.store}-wal").exists()
    with closing(open_store(f"sqlite:///{aside}")) as kept:
        assert kept.contents().subscribers == 1
    with place.open() as store:
        assert store.ledger.rows(address=ADA.address) == ()
        assert store.contents().subscribers == 1


def test_a_store_that_is_damaged_is_replaced_and_kept(place: Place) -> None:
    with place.open() as store:
        store.ledger.plan([letter(enrolled(store), TUESDAY)], now=NOW)
        store.backup(place.backup)
    damage(place.store)
    restored = place.restore()
    assert restored.left is None
    with pytest.raises(StoreError, match=r"before-20260619T120000Z: the store is damaged"):
        open_store(f"sqlite:///{restored.aside}")
    assert statuses(place)[TUESDAY] == (Status.UNKNOWN, NOT_KNOWN)


def test_the_log_of_a_store_that_cannot_be_read_is_kept_beside_it(place: Place) -> None:
    place.back_up()
    place.store.write_bytes(b"To whom it may concern. " * 400)
    Path(f"{place.store}-wal").write_bytes(b"what came last")
    aside = place.restore().aside
    assert Path(f"{aside}-wal").read_bytes() == b"what came last"
    assert statuses(place) == {FRIDAY: (Status.QUIET, NOT_KNOWN)}


def test_readers_and_a_writer_share_a_restored_store(place: Place) -> None:
    place.back_up()
    place.restore()
    with closing(sqlite3.connect(place.store)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def not_there(place: Place) -> None:
    place.backup.unlink()


def no_database(place: Place) -> None:
    place.backup.write_bytes(b"To whom it may concern. " * 400)


def empty(place: Place) -> None:
    place.backup.write_bytes(b"")


def another_programs(place: Place) -> None:
    place.backup.unlink()
    with closing(sqlite3.connect(place.backup)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def newer(place: Place) -> None:
    with closing(sqlite3.connect(place.backup)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def damaged(place: Place) -> None:
    damage(place.backup)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (not_there, "there is no such file"),
        (no_database, "no paperround store"),
        (empty, "no paperround store"),
        (another_programs, "no paperround store"),
        (newer, r"backup\.db: its tables \(revision 9999\) are newer"),
        (damaged, r"backup\.db: the store is damaged"),
    ],
)
def test_what_is_no_sound_backup_changes_nothing(
    place: Place, wrong: Callable[[Place], None], said: str
) -> None:
    with place.open() as store:
        store.ledger.plan([letter(enrolled(store), TUESDAY)], now=NOW)
        store.backup(place.backup)
    wrong(place)
    before = place.files()
    with pytest.raises(StoreError, match=said):
        place.restore()
    assert place.files() == before


def test_nothing_is_restored_under_a_program_that_has_the_store_open(place: Place) -> None:
    place.back_up()
    with place.open() as store:
        enrolled(store)
        with pytest.raises(StoreError, match="another program has the store open; end the service"):
            place.restore()
        assert enrolled(store)
    assert {each.name for each in place.folder.iterdir()} == {"store.db", "backup.db"}
    place.restore()


def test_nothing_is_restored_during_a_delivery(place: Place) -> None:
    place.back_up()

    async def scenario() -> None:
        with place.open() as store:
            async with shift(store.ledger, place.workers, now=lambda: NOW):
                with pytest.raises(StoreError, match="a delivery is under way"):
                    place.restore()

    asyncio.run(scenario())
    place.restore()
