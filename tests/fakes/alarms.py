"""Alarms kept in memory."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from paperround.alarms import Turn
from paperround.ports import AlarmId, AlarmRecord


class MemoryAlarms:
    """Keeps alarms in a list, as long as it lives."""

    def __init__(self) -> None:
        self._kept: list[AlarmRecord] = []
        self._looked_at: datetime | None = None
        self._ids = count(1)

    def records(self) -> tuple[AlarmRecord, ...]:
        return tuple(self._kept)

    def enter(self, turn: Turn, *, now: datetime) -> None:
        sentences = {alarm.key: alarm for alarm in turn.standing}
        for number, record in enumerate(self._kept):
            if record.stands and record.alarm.key in turn.ended:
                self._kept[number] = replace(record, ended_at=now)
            elif record.stands:
                self._kept[number] = replace(record, alarm=sentences.get(record.alarm.key, record.alarm))
        for alarm in turn.raised:
            if not any(record.stands and record.alarm.key == alarm.key for record in self._kept):
                self._kept.append(AlarmRecord(id=AlarmId(next(self._ids)), alarm=alarm, raised_at=now))
        month_ago = now - timedelta(days=30)
        self._kept = [each for each in self._kept if not each.ended_at or each.ended_at >= month_ago]
        self._looked_at = now

    def told(self, alarms: Collection[AlarmId], *, now: datetime) -> None:
        self._kept = [replace(each, told_at=now) if each.id in alarms else each for each in self._kept]

    def looked_at(self) -> datetime | None:
        return self._looked_at
