"""Preferences kept in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tests.fakes.ledger import MemoryLedger

from paperround.ports import SubscriberId
from paperround.preferences import (
    AmountChange,
    Change,
    HourChange,
    Overlay,
    PauseChange,
    RhythmChange,
    TopicsChange,
)


class MemoryPreferences:
    """Keeps what the subscribers of a ledger chose in a dictionary, as long as it lives."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._kept: dict[SubscriberId, Overlay] = {}

    def overlays(self) -> Mapping[str, Overlay]:
        return {self._ledger.address(subscriber): overlay for subscriber, overlay in self._kept.items()}

    def overlay(self, subscriber: SubscriberId) -> Overlay | None:
        return self._kept.get(subscriber)

    def change(self, subscriber: SubscriberId, change: Change, *, now: datetime) -> None:
        self._ledger.address(subscriber)
        overlay = replace(self._kept.get(subscriber, Overlay(chosen_at=now)), chosen_at=now)
        match change:
            case PauseChange(pause=pause):
                overlay = replace(overlay, pause=pause)
            case RhythmChange(rhythm=rhythm):
                overlay = replace(overlay, rhythm=rhythm)
            case HourChange(hour=hour):
                overlay = replace(overlay, hour=hour)
            case AmountChange(max_papers=most):
                overlay = replace(overlay, max_papers=most)
            case TopicsChange(topics=topics):
                overlay = replace(overlay, topics=topics if topics and topics.any else None)
            case _:
                assert_never(change)
        self._kept[subscriber] = overlay

    def settle(self, address: str, *, chosen_at: datetime) -> bool:
        settled = [each for each in self._of(address) if self._kept[each].chosen_at == chosen_at]
        for subscriber in settled:
            overlay = self._kept[subscriber]
            self._kept[subscriber] = Overlay(pause=overlay.pause, chosen_at=overlay.chosen_at)
        return bool(settled)

    def forget(self, address: str) -> bool:
        gone = [self._kept.pop(subscriber) for subscriber in self._of(address)]
        return any(overlay.any for overlay in gone)

    def _of(self, address: str) -> list[SubscriberId]:
        return [each for each in self._kept if self._ledger.address(each).lower() == address.lower()]
