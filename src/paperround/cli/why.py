"""why: what the ledger knows of one mail, one paper, one silence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from paperround.cli import frame
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    LatestDateOption,
    app,
)
from paperround.composing import issue
from paperround.desk import Desk
from paperround.digests import Bar
from paperround.explaining import Fate, Obstacle, crowded_out, fate, recorded_fate, sendings
from paperround.issue import Reader, days_away
from paperround.papers import PaperId, arxiv_id
from paperround.phrases import counted, full_day, gap, listed
from paperround.ports import DeliveryRecord, PickRecord, Status
from paperround.selection import LONGEST_LOOK_BACK
from paperround.text import clean


@app.command()
def why(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    paper: Annotated[str | None, typer.Argument(metavar="[PAPER]", help="An id or a link.")] = None,
    date: LatestDateOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Say why this mail, why this paper, why this silence; of the latest day if none is given."""
    settings = frame.settings_of(config)
    wanted = _paper_id(paper) if paper else None

    async def work(desk: Desk) -> tuple[DeliveryRecord | None, Fate | None, Mapping[str, str], int]:
        rows = desk.ledger.rows(day=date.date() if date else None, address=address)
        if not rows:
            return None, None, {}, 0
        row = rows[0]
        found = _fate(desk, row, wanted) if wanted else None
        shown = [pick.paper for pick in row.picks] + [*row.titles] + ([wanted] if wanted else [])
        known = {each: desk.library.paper(each) for each in shown}
        named = {str(each): paper.title for each, paper in known.items() if paper}
        return row, found, named, _days_away(desk, row)

    row, found, titles, away = frame.at_desk(settings, work)
    if row is None:
        day = f" on {date.date()}" if date else ""
        frame.say(f"paperround: nothing is recorded for {address}{day}; `paperround log` shows what is")
        raise typer.Exit(FAILED)
    if frame.wants_json(form, json_flag=json):
        frame.answer({**_explained(row, found, titles), "days_away": away})
    elif found is not None:
        _tell_fate(row, found, titles)
    else:
        _tell_why(row, titles, away)
    if found is not None and found.paper not in titles:
        frame.say(f"paperround: the store holds no paper {found.paper}; is it an id of one, or its link?")


def _explained(row: DeliveryRecord, found: Fate | None, titles: Mapping[str, str]) -> dict[str, object]:
    def entry(pick: PickRecord) -> dict[str, object]:
        return {
            "paper": pick.paper,
            "title": titles.get(pick.paper, ""),
            "section": pick.section,
            "relevance": pick.relevance,
            "matched": list(pick.matched),
            "reasons": list(pick.reasons),
            "version": pick.version,
        }

    explained: dict[str, object] = {
        "day": row.day.isoformat(),
        "subscriber": row.subscriber,
        "status": row.status.value,
        "reason": row.reason,
        "batches": list(row.batches),
        "remark": row.remark,
        "picks": [entry(pick) for pick in row.picks if found is None or pick.paper == found.paper],
        "titles": [
            {**entry(line), "obstacle": _obstacle(crowded_out(line.hindrance)) if line.hindrance else None}
            for line in row.lines
        ],
        "considered": row.considered,
        "rejected": dict(row.rejected),
    }
    if found is not None:
        explained["paper"] = {
            "paper": found.paper,
            "title": titles.get(found.paper, ""),
            "picked": found.picked,
            "section": found.section,
            "relevance": found.relevance,
            "matched": list(found.matched),
            "reasons": list(found.reasons),
            "obstacle": None if found.obstacle is None else _obstacle(found.obstacle),
        }
    return explained


def _obstacle(obstacle: Obstacle) -> dict[str, object]:
    sent_on = obstacle.sent_on.isoformat() if obstacle.sent_on else None
    return {**asdict(obstacle), "sent_on": sent_on}


def _paper_id(given: str) -> PaperId:
    return arxiv_id(given) or PaperId(clean(given, limit=200))


def _fate(desk: Desk, row: DeliveryRecord, paper: PaperId) -> Fate:
    recorded = recorded_fate(row, paper)
    if recorded is not None:
        return recorded
    earlier = [
        each
        for each in desk.ledger.rows(address=row.subscriber)
        if each.planned_at < row.planned_at and each.status not in (Status.FAILED, Status.SUPPRESSED)
    ]
    listings = desk.library.listings(row.day - LONGEST_LOOK_BACK, row.day)
    seen = min((each.first_seen for each in listings if each.paper.id == paper), default=None)
    ids = desk.ledger.enrol([row.subscriber], now=desk.now())
    look = issue(
        row.day,
        desk.current(frame.chosen(desk.subscribers, row.subscriber)),
        desk.library,
        desk.ledger,
        ids=ids,
        embedder=desk.embedder,
    )
    return fate(row, look, paper, seen=seen, sent=sendings(earlier))


def _days_away(desk: Desk, row: DeliveryRecord) -> int:
    """Return how many days the mail says that it makes up for after a pause, else 0."""
    address = row.subscriber.casefold()
    reader = next((each for each in desk.subscribers if each.address.casefold() == address), None)
    if reader is None or not row.picks:
        return 0
    (current,) = desk.current([reader])
    number = desk.ledger.enrol([row.subscriber], now=desk.now())[row.subscriber]
    past = desk.ledger.past([number], row.day)[number]
    return days_away(Reader(subscriber=current, past=past), row.day)


def _tell_why(row: DeliveryRecord, titles: Mapping[str, str], away: int) -> None:
    _tell_outcome(row)
    if away:
        frame.tell(f"It came after a pause: the best of {away} days.")
    for pick in row.picks:
        frame.tell()
        named = f"{_named(pick, titles)}, {_section(pick.section)})"
        frame.tell(f"{frame.score(pick.relevance)}  {named}", hanging=6)
        for reason in pick.reasons:
            frame.tell(f"      {reason}", hanging=6)
    if row.titles:
        frame.tell("\nBy title only:")
        for line in row.lines:
            frame.tell(f"{frame.score(line.relevance)}  {_named(line, titles)})", hanging=6)
            frame.tell(f"      {_in_short(line)}", hanging=6)


def _section(section: str) -> str:
    """Return the section for people."""
    return section.replace("_", " ")


def _in_short(line: PickRecord) -> str:
    """Return why a paper is a title line, in a few words where what has the places stands above."""
    hindrance = line.hindrance
    if hindrance is None:
        return "no room"
    if hindrance.bar is Bar.NO_ROOM:
        if hindrance.short_by is None:
            return "no room"
        less = f"{gap(hindrance.short_by)} below" if hindrance.short_by else "as relevant as"
        return f"no room, {less} the last above"
    if hindrance.bar is Bar.QUOTA:
        return f"all places that at_most allows “{hindrance.keyword}” are taken"
    return line.reasons[0]


def _tell_outcome(row: DeliveryRecord) -> None:
    """Say what became of the digest, and what it was made from."""
    said = f": {row.reason}" if row.reason else ""
    frame.tell(f"{row.subscriber}, {full_day(row.day)}: {row.status.value}{said}", hanging=2)
    if row.reply:
        frame.tell(f"The other side said: {row.reply}")
    for batch in row.batches:
        day = full_day(date.fromisoformat(str(batch["day"])))
        frame.tell(
            f"  {batch['source']}, {day}: {batch['state']}, {counted(int(str(batch['papers'])), 'paper')}"
        )
    if row.remark:
        frame.tell(f"  {row.remark}")
    if row.considered:
        new = counted(row.considered, "paper")
        frame.tell(f"New to this reader: {new}, of which {len(row.picks)} came in full.")
    if row.titles:
        frame.tell(f"  {len(row.titles):>5}  by title only")
    for reason, count in row.rejected.items():
        frame.tell(f"  {count:>5}  {reason}")


def _named(pick: PickRecord, titles: Mapping[str, str]) -> str:
    """Return the title and, behind an open parenthesis, the id and what version it is."""
    version = f", version {pick.version}" if pick.version else ""
    return f"{titles.get(pick.paper, '')}  ({pick.paper}{version}"


def _tell_fate(row: DeliveryRecord, found: Fate, titles: Mapping[str, str]) -> None:
    frame.tell(f"{titles.get(found.paper, 'A paper that the store does not hold')}  ({found.paper})")
    verdict = f"picked, {_section(found.section or '')}" if found.picked else "not picked"
    score = f", relevance {found.relevance:.2f}" if found.relevance is not None else ""
    frame.tell(f"{row.subscriber}, {full_day(row.day)}: {verdict}{score}")
    for reason in found.reasons:
        frame.tell(f"  {reason}", hanging=2)
    for match in found.matched:
        share = f"{float(str(match['weight'])):.0%} of the relevance"
        frame.tell(f"  {match['term']}: {_how(match)}; {share}", hanging=4)


def _how(match: Mapping[str, object]) -> str:
    """Return in which way an interest was met, as an entry of the ledger has it."""
    where, forms = match["where"], match.get("forms")
    if not isinstance(where, Sequence) or not where:
        return str(match.get("how", ""))
    written = (
        f" as {listed([f'“{form}”' for form in forms])}" if isinstance(forms, Sequence) and forms else ""
    )
    return f"{', '.join(map(str, where))}{written}"
