"""The edges as the pipeline sees them: where papers come from, where they are kept, where mail goes."""

from paperround.ports.alarms import AlarmRecord, Alarms
from paperround.ports.deliveries import (
    LONGEST_ROUND,
    LONGEST_TALE,
    Cause,
    Claim,
    DeliveryRecord,
    Gap,
    OnUnknown,
    Past,
    PickRecord,
    Plan,
    Status,
    Suppression,
)
from paperround.ports.embedding import Embedder, EmbedderError, Vectors
from paperround.ports.figures import Figures
from paperround.ports.identity import AlarmId, DeliveryId, RoundId, SubscriberId, WorkerId
from paperround.ports.leadership import Leadership
from paperround.ports.ledger import Dispatch, Ledger
from paperround.ports.library import Library, Listing, RevisionListing, StoreError, Taken
from paperround.ports.preferences import Preferences
from paperround.ports.relay import Interrupted, Refused, Relay, RelayUnusable, Unanswered
from paperround.ports.returns import (
    Bounce,
    Complaint,
    Consequence,
    Effect,
    Finding,
    Inbox,
    InboxUnusable,
    Incoming,
    Irrelevant,
    Leaving,
    Returns,
    Weight,
)
from paperround.ports.sources import Source, SourceError

__all__ = [
    "LONGEST_ROUND",
    "LONGEST_TALE",
    "AlarmId",
    "AlarmRecord",
    "Alarms",
    "Bounce",
    "Cause",
    "Claim",
    "Complaint",
    "Consequence",
    "DeliveryId",
    "DeliveryRecord",
    "Dispatch",
    "Effect",
    "Embedder",
    "EmbedderError",
    "Figures",
    "Finding",
    "Gap",
    "Inbox",
    "InboxUnusable",
    "Incoming",
    "Interrupted",
    "Irrelevant",
    "Leadership",
    "Leaving",
    "Ledger",
    "Library",
    "Listing",
    "OnUnknown",
    "Past",
    "PickRecord",
    "Plan",
    "Preferences",
    "Refused",
    "Relay",
    "RelayUnusable",
    "Returns",
    "RevisionListing",
    "RoundId",
    "Source",
    "SourceError",
    "Status",
    "StoreError",
    "SubscriberId",
    "Suppression",
    "Taken",
    "Unanswered",
    "Vectors",
    "Weight",
    "WorkerId",
]
