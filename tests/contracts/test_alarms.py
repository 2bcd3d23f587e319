"""The rules of what is kept of alarms, in memory and in the store."""

from datetime import timedelta

import pytest
from tests.fakes.alarms import MemoryAlarms
from tests.fakes.plans import LATER, NOW, SOON

from paperround.alarms import Alarm, Condition, Turn
from paperround.ports import AlarmId, Alarms
from paperround.store import Store

DISK = Alarm(condition=Condition.DISK, subject="store", sentence="the disk is nearly full")
SILENT = Alarm(condition=Condition.SOURCE, subject="arXiv", sentence="arXiv is failing: no answer")
OTHER = Alarm(condition=Condition.SOURCE, subject="Distill", sentence="Distill is failing")


@pytest.fixture
def alarms(store: Store | None) -> Alarms:
    return MemoryAlarms() if store is None else store.alarms


def standing(alarms: Alarms) -> list[Alarm]:
    return [record.alarm for record in alarms.records() if record.stands]


def test_what_is_raised_stands_until_it_ends(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(SILENT, DISK)), now=NOW)
    assert standing(alarms) == [SILENT, DISK]
    alarms.enter(Turn(ended=frozenset({SILENT.key})), now=LATER)
    assert standing(alarms) == [DISK]
    over = alarms.records()[0]
    assert (over.alarm, over.raised_at, over.ended_at, over.stands) == (SILENT, NOW, LATER, False)


def test_one_subject_ends_without_another_of_its_condition(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(SILENT, OTHER)), now=NOW)
    alarms.enter(Turn(ended=frozenset({OTHER.key})), now=SOON)
    assert standing(alarms) == [SILENT]


def test_what_stands_is_not_raised_again_and_what_does_not_is_not_ended(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(DISK,)), now=NOW)
    alarms.enter(Turn(raised=(DISK,), ended=frozenset({SILENT.key})), now=SOON)
    (record,) = alarms.records()
    assert (record.raised_at, record.ended_at) == (NOW, None)
    alarms.enter(Turn(ended=frozenset({DISK.key})), now=SOON)
    alarms.enter(Turn(ended=frozenset({DISK.key})), now=LATER)
    assert [each.ended_at for each in alarms.records()] == [SOON]


def test_what_comes_again_stands_beside_what_was_over(alarms: Alarms) -> None:
    for now in (NOW, LATER):
        alarms.enter(Turn(raised=(DISK,)), now=now)
        alarms.enter(Turn(ended=frozenset({DISK.key})), now=now + timedelta(minutes=5))
    alarms.enter(Turn(raised=(DISK,)), now=LATER + timedelta(hours=1))
    assert [record.stands for record in alarms.records()] == [False, False, True]


def test_the_sentence_of_what_stands_is_the_latest(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(SILENT,)), now=NOW)
    other = Alarm(condition=SILENT.condition, subject=SILENT.subject, sentence="arXiv is stale")
    alarms.enter(Turn(standing=(other,)), now=SOON)
    (record,) = alarms.records()
    assert (record.alarm, record.raised_at) == (other, NOW)


def test_who_was_told_of_one_is_to_be_told_of_its_end_too(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(DISK, SILENT)), now=NOW)
    disk, silent = alarms.records()
    assert not disk.is_told
    alarms.told([disk.id], now=SOON)
    assert [record.is_told for record in alarms.records()] == [True, False]
    alarms.enter(Turn(ended=frozenset({DISK.key})), now=LATER)
    assert not alarms.records()[0].is_told
    alarms.told([disk.id, silent.id, AlarmId(10**6)], now=LATER)
    assert all(record.is_told for record in alarms.records())


def test_what_was_over_for_a_month_is_dropped_and_what_stands_is_not(alarms: Alarms) -> None:
    alarms.enter(Turn(raised=(DISK, SILENT)), now=NOW)
    alarms.enter(Turn(ended=frozenset({DISK.key})), now=NOW)
    alarms.enter(Turn(), now=NOW + timedelta(days=30))
    assert len(alarms.records()) == 2
    alarms.enter(Turn(), now=NOW + timedelta(days=30, minutes=5))
    assert [record.alarm for record in alarms.records()] == [SILENT]


def test_the_time_of_the_latest_look_is_kept(alarms: Alarms) -> None:
    assert alarms.looked_at() is None
    for now in (NOW, LATER + timedelta(microseconds=1)):
        alarms.enter(Turn(), now=now)
        assert alarms.looked_at() == now
