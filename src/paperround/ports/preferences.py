"""What readers choose for themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from paperround.ports.identity import SubscriberId
from paperround.preferences import Change, Overlay


class Preferences(Protocol):
    """What readers chose for themselves, over what the config says. It stays until it is taken back."""

    def overlays(self) -> Mapping[str, Overlay]:
        """Return what was chosen, by the address of whoever did."""

    def overlay(self, subscriber: SubscriberId) -> Overlay | None:
        """Return what this subscriber chose, or None where that is nothing."""

    def change(self, subscriber: SubscriberId, change: Change, *, now: datetime) -> None:
        """Keep what the subscriber chose just now; what it is not about stays as it is."""

    def settle(self, address: str, *, chosen_at: datetime) -> bool:
        """Drop all but a pause, for the config says it by now; return False where it was chosen later."""

    def forget(self, address: str) -> bool:
        """Drop all that was chosen by whoever has this address; return False where that is nothing."""
