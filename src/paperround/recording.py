"""What is taken to be sent, and what becomes of it, recorded for all connections of one delivery together."""

from collections.abc import Callable, Sequence
from datetime import datetime

from paperround.grouping import Together
from paperround.ports import Claim, Dispatch, Outcome, Taken
from paperround.rates import Later


class Recorder:
    """Writes down in one commit what the connections of a delivery ask for at the same time.

    What the disk and SQLAlchemy take for a commit is hundreds of times what a row takes, and one row a
    commit bounds a delivery to some hundred letters a second on a plain SSD. `claim` takes so many
    letters at most; each method returns once its own letter is on disk, or raises the error of the store.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        claim: Callable[[int], Sequence[Claim] | Later],
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._dispatch, self._claim, self._now = dispatch, claim, now
        self._claiming: Together[None, Claim | Later | None] = Together(self._claims)
        self._marking: Together[Claim, bool] = Together(self._marks)
        self._settling: Together[Outcome, bool] = Together(self._outcomes)

    async def claim(self) -> Claim | Later | None:
        """Return a letter to send; or until when to wait; or None where none is left."""
        return await self._claiming(None)

    async def begin_data(self, claim: Claim) -> None:
        """Mark that a letter may from now on be accepted; raise Taken where it is not ours any more."""
        _require(claim, ours=await self._marking(claim))

    async def settle(self, outcome: Outcome) -> None:
        """Record how an attempt ended; raise Taken where the letter is not ours any more."""
        _require(outcome.claim, ours=await self._settling(outcome))

    def _claims(self, waiting: Sequence[None]) -> Sequence[Claim | Later | None]:
        """Answer each that waits, or the first of them where there are fewer letters, or turns."""
        taken = self._claim(len(waiting))
        if isinstance(taken, Later):
            return [taken] * len(waiting)
        return taken or [None] * len(waiting)

    def _marks(self, claims: Sequence[Claim]) -> Sequence[bool]:
        lost = self._dispatch.begin_data(claims, now=self._now())
        return [claim not in lost for claim in claims]

    def _outcomes(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        lost = self._dispatch.settle(outcomes)
        return [outcome.claim not in lost for outcome in outcomes]


def _require(claim: Claim, *, ours: bool) -> None:
    if not ours:
        raise Taken(
            f"delivery {claim.id} was taken from this process, which was silent for too long; "
            "whoever has it now records what becomes of it"
        )
