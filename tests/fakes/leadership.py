"""A leadership in memory, among those who were given the same seat."""

from dataclasses import dataclass

from paperround.ports import StoreError


@dataclass
class Seat:
    """What one at a time can have; where it is `lost`, nobody can tell who has it."""

    holder: "MemoryLeadership | None" = None
    lost: str = ""


@dataclass(eq=False)
class MemoryLeadership:
    """One who would have the seat."""

    seat: Seat
    name: str

    def take(self) -> bool:
        if self.seat.lost:
            raise StoreError(self.seat.lost)
        self.seat.holder = self.seat.holder or self
        return self.seat.holder is self

    def holder(self) -> str:
        return self.seat.holder.name if self.seat.holder else ""

    def close(self) -> None:
        if self.seat.holder is self:
            self.seat.holder = None
