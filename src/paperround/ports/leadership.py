"""Which of the processes that share a store leads."""

from typing import Protocol


class Leadership(Protocol):
    """What tells the processes that share a store which one of them leads.

    It falls free when the process that has it ends, however that happens.
    """

    def take(self) -> bool:
        """Take it where it is free, and return whether this process has it now.

        Whoever has it asks again before each piece of work, for it may have lost it. Raise StoreError
        where that cannot be told.
        """

    def holder(self) -> str:
        """Return who has it, in words for people; nothing where nobody says."""

    def close(self) -> None:
        """Give it up, if this process has it."""
