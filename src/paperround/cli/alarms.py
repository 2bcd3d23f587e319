"""alarms: what somebody should look at, since when it is so, and what to do."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import typer

from paperround.alarming import LOOK_FOR_ALARMS
from paperround.alarms import ADVICE
from paperround.app import utc_now
from paperround.cli import frame
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    app,
)
from paperround.phrases import counted
from paperround.ports import AlarmRecord
from paperround.store import open_store

LATELY = timedelta(days=1)  # what was over since then is told, too
LATE = 3 * LOOK_FOR_ALARMS  # for a service that looks


@app.command()
def alarms(
    config: ConfigOption = DEFAULT_CONFIG, form: FormatOption = Format.TEXT, json: JsonOption = False
) -> None:
    """Show what somebody should look at: since when it is so, and what to do."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        records, looked_at = store.alarms.records(), store.alarms.looked_at()
    now = utc_now()
    told = [each for each in records if each.ended_at is None or each.ended_at > now - LATELY]
    if frame.wants_json(form, json_flag=json):
        looked = looked_at.isoformat() if looked_at else None
        frame.answer({"looked_at": looked, "alarms": [_entry(each) for each in told]})
    else:
        _tell(told)
    late = looked_at is None or now - looked_at > LATE
    if late:
        since = f"since {_moment(looked_at)}" if looked_at else "yet"
        frame.say(f"paperround: nobody has looked {since}; that is done by `paperround serve`")
    if late or any(each.stands for each in told):
        raise typer.Exit(FAILED)


def _tell(told: Sequence[AlarmRecord]) -> None:
    for record in told:
        if record.ended_at is not None:
            until = _moment(record.ended_at)
            frame.tell(f"over     {record.alarm.sentence}", hanging=9)
            frame.tell(f"         It was so from {_moment(record.raised_at)} to {until}.")
    standing = [each for each in told if each.stands]
    for record in standing:
        advice = ADVICE[record.alarm.condition]
        frame.tell(f"ALARM    {record.alarm.sentence}", hanging=9)
        frame.tell(f"  since  {_moment(record.raised_at)}")
        frame.tell(f"  do     {advice.mend}", hanging=9)
        frame.tell(f'  more   "{advice.section}" in docs/operating.md', hanging=9)
    frame.tell(f"{counted(len(standing), 'alarm')}." if standing else "No alarm stands.")


def _entry(record: AlarmRecord) -> dict[str, object]:
    advice = ADVICE[record.alarm.condition]
    return {
        "condition": record.alarm.condition.value,
        "subject": record.alarm.subject,
        "sentence": record.alarm.sentence,
        "since": record.raised_at.isoformat(),
        "until": record.ended_at.isoformat() if record.ended_at else None,
        "told_at": record.told_at.isoformat() if record.told_at else None,
        "do": advice.mend,
        "section": advice.section,
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
