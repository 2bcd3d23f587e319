"""log and resolve: who got what, and what a person found out."""

import csv
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import DEFAULT_CONFIG, FAILED, ConfigOption, JsonOption, LogDateOption, app
from paperround.desk import Desk
from paperround.papers import PaperId
from paperround.phrases import counted, listed
from paperround.ports import DeliveryId, DeliveryRecord, Gap, Status

MOST_NAMES = 10  # of readers without a row


class LogFormat(StrEnum):
    """How the ledger is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Settlement(StrEnum):
    """What a person found out about a delivery, or wants done with it."""

    SENT = "sent"
    RESEND = "resend"
    SKIP = "skip"


@app.command()
def log(
    date: LogDateOption = None,
    status: Annotated[Status | None, typer.Option(help="Only rows in this state.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    form: Annotated[LogFormat, typer.Option("--format", help="For people or for scripts.")] = LogFormat.TABLE,
    json: JsonOption = False,
) -> None:
    """Show the ledger: who got what and when, and why others got nothing; the newest day first."""
    settings = frame.settings_of(config)

    day = date.date() if date else None

    async def work(desk: Desk) -> tuple[Sequence[DeliveryRecord], Sequence[Gap]]:
        gaps = [gap for gap in desk.ledger.gaps() if day in (None, gap.day)]
        return desk.ledger.rows(day=day, status=status), gaps

    rows, gaps = frame.at_desk(settings, work)
    if json or form is LogFormat.JSON:
        frame.answer([_row(row) for row in rows])
    elif form is LogFormat.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=_COLUMNS)
        writer.writeheader()
        writer.writerows({**_row(row), "papers": " ".join(_papers(row))} for row in rows)
    else:
        _tell_rows(rows, filtered=bool(date or status))
    for gap in gaps:
        frame.say(f"paperround: {gap}: {listed(gap.missing[:MOST_NAMES])}")
    if any(gap.stands(utc_now()) for gap in gaps):
        raise typer.Exit(FAILED)


@app.command()
def resolve(
    delivery: Annotated[int, typer.Argument(help="The number that `paperround log` shows.")],
    outcome: Annotated[Settlement, typer.Argument(help="It arrived; send it again; let it be.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Settle a delivery whose outcome is unknown."""
    settings = frame.settings_of(config)
    status, reason = _SETTLED[outcome]

    async def work(desk: Desk) -> bool:
        return desk.ledger.resolve(DeliveryId(delivery), status, reason, now=desk.now())

    if not frame.at_desk(settings, work):
        frame.wrong_call(
            f"delivery {delivery} is not unknown; `paperround log --status unknown` shows which are"
        )
    frame.tell(f"Delivery {delivery}: {status.value}, {reason}.")


_SETTLED = {
    Settlement.SENT: (Status.SENT, "found to have arrived"),
    Settlement.RESEND: (Status.PLANNED, "to be sent again by request"),
    Settlement.SKIP: (Status.FAILED, "given up by request"),
}

_COLUMNS = (
    "day",
    "subscriber",
    "status",
    "reason",
    "papers",
    "message_id",
    "attempts",
    "reply",
    "updated_at",
    "id",
)


def _papers(row: DeliveryRecord) -> list[PaperId]:
    return [pick.paper for pick in row.picks]


def _row(row: DeliveryRecord) -> dict[str, object]:
    return {
        "day": row.day.isoformat(),
        "subscriber": row.subscriber,
        "status": row.status.value,
        "reason": row.reason,
        "papers": _papers(row),
        "message_id": row.message_id,
        "attempts": row.attempts,
        "reply": row.reply,
        "updated_at": row.updated_at.isoformat(),
        "id": row.id,
    }


def _tell_rows(rows: Sequence[DeliveryRecord], *, filtered: bool) -> None:
    if not rows:
        nothing = "Nothing recorded is like that." if filtered else "Nothing is recorded yet."
        frame.tell(nothing + ("" if filtered else " `paperround send` does a round."))
        return
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *map(_cells, rows), strict=True)]
    frame.tell(_aligned(_HEADINGS, widths))
    for row in rows:
        line, said = _aligned(_cells(row), widths), _said(row)
        if said and not frame.out.is_terminal:
            frame.tell(f"{line}  {said}")
            continue
        frame.tell(line)
        if said:
            frame.tell(f"{' ' * _MARGIN}{said}", hanging=_MARGIN)


_HEADINGS = ("day", "id", "subscriber", "status", "papers", "when (UTC)")
_RIGHT = {"id", "papers"}
_MARGIN = 12  # of what is said of a row, which stands below it on a terminal


def _cells(row: DeliveryRecord) -> tuple[str, ...]:
    papers = str(len(row.picks) or "")
    return row.day.isoformat(), str(row.id), row.subscriber, row.status.value, papers, _when(row)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for heading, cell, width in zip(_HEADINGS, cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _said(row: DeliveryRecord) -> str:
    """Return why a row is as it is, if there is anything to say of it."""
    tries = counted(row.attempts, "attempt") if row.attempts > 1 else ""
    answered = ": ".join(part for part in (row.reason, row.reply) if part)
    return "; ".join(part for part in (answered, tries, row.remark) if part)


def _when(row: DeliveryRecord) -> str:
    if row.next_at is not None:
        return f"again {row.next_at:%H:%M}"
    return f"{row.updated_at:%m-%d %H:%M}"
