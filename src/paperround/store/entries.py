"""What the ledger's rows say: from a plan to rows, and from rows to a record."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Row

from paperround.batches import BatchRecord
from paperround.digests import Bar, Hindrance, Pick, Section
from paperround.ports import DeliveryId, DeliveryRecord, PickRecord, Plan

COMPRESSION = 3  # a third of the time of 6, a twentieth more bytes


def delivery_row(plan: Plan, *, now: datetime) -> Mapping[str, object]:
    """Return a plan as a row of `deliveries`."""
    return {
        "subscriber": plan.subscriber,
        "day": plan.day,
        "status": plan.status,
        "reason": plan.reason,
        "message_id": plan.message_id,
        "message": None if plan.message is None else zlib.compress(plan.message, COMPRESSION),
        "attempts": 0,
        "unknowns": 0,
        "reply": "",
        "planned_at": now,
        "updated_at": now,
        "batches": [_batch_entry(batch) for batch in plan.digest.batches],
        "considered": plan.digest.considered,
        "rejected": dict(plan.digest.rejected),
        "remark": plan.digest.remark,
    }


def pick_rows(plan: Plan, delivery: DeliveryId) -> Iterable[Mapping[str, object]]:
    """Return the papers of a plan as rows of `picks`, title lines last."""
    shown = ((pick, pick.section) for pick in plan.digest.picks)
    titles = ((pick, Section.MORE) for pick in plan.digest.titles)
    for position, (pick, section) in enumerate(chain(shown, titles)):
        yield {"delivery": delivery, "position": position, "section": section.value, **_pick_values(pick)}


def delivery_record(row: Row[Any], picks: Sequence[Row[Any]]) -> DeliveryRecord:
    """Return what a row of `deliveries`, with its subscriber's address, and its picks say."""
    return DeliveryRecord(
        id=row.id,
        day=row.day,
        subscriber=row.address,
        status=row.status,
        reason=row.reason,
        picks=tuple(_pick_record(pick) for pick in picks if pick.section != Section.MORE),
        lines=tuple(_pick_record(pick) for pick in picks if pick.section == Section.MORE),
        batches=tuple(row.batches),
        considered=row.considered,
        rejected=row.rejected,
        message_id=row.message_id,
        attempts=row.attempts,
        reply=row.reply,
        planned_at=row.planned_at,
        updated_at=row.updated_at,
        next_at=row.next_at,
        remark=row.remark,
    )


def _batch_entry(batch: BatchRecord) -> Mapping[str, object]:
    return {
        "source": batch.source,
        "day": batch.day.isoformat(),
        "state": batch.state.value,
        "papers": batch.papers,
    }


def _pick_values(pick: Pick) -> Mapping[str, object]:
    return {
        "paper": pick.paper.id,
        "relevance": pick.relevance,
        "announced": pick.announced,
        "matched": [match.entry() for match in pick.matched],
        "reasons": list(pick.reasons),
        "version": pick.version,
        "hindrance": None if pick.hindrance is None else _hindrance_entry(pick.hindrance),
    }


def _hindrance_entry(hindrance: Hindrance) -> Mapping[str, object]:
    return {**asdict(hindrance), "by": list(hindrance.by)}


def _pick_record(row: Row[Any]) -> PickRecord:
    return PickRecord(
        paper=row.paper,
        section=row.section,
        relevance=row.relevance,
        announced=row.announced,
        matched=tuple(row.matched),
        reasons=tuple(row.reasons),
        version=row.version,
        hindrance=None if row.hindrance is None else _hindrance(row.hindrance),
    )


def _hindrance(entry: Mapping[str, Any]) -> Hindrance:
    return Hindrance(**{**entry, "bar": Bar(entry["bar"]), "by": tuple(entry["by"])})
