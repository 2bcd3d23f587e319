"""Preferences kept in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tests.fakes.ledger import MemoryLedger

from paperround.ports import SubscriberId
from paperround.preferences import Change, Overlay, PauseChange, RhythmChange


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
            case _:
                assert_never(change)
        self._kept[subscriber] = overlay
        if overlay.pause is None and overlay.rhythm is None:
            del self._kept[subscriber]

    def forget(self, address: str) -> bool:
        gone = [each for each in self._kept if self._ledger.address(each).lower() == address.lower()]
        for subscriber in gone:
            del self._kept[subscriber]
        return bool(gone)
