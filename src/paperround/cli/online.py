"""What `check --online` says of the world outside."""

import asyncio
from collections.abc import Sequence

from paperround.app import utc_now
from paperround.cli import frame
from paperround.domain_records import Finding, Level
from paperround.inspecting import inspect
from paperround.name_service import NameService
from paperround.phrases import counted
from paperround.settings import Settings


def found_online(settings: Settings) -> Sequence[Finding]:
    """Return what was found; while it is looked for, a terminal says so."""
    with frame.err.status("Looking at the relay, the DNS and the sources"):
        return asyncio.run(inspect(settings, names=NameService(), now=utc_now))


def tell_found(found: Sequence[Finding]) -> bool:
    """Say what was found, each with what to do and what goes into the zone; return whether all is well."""
    for each in found:
        frame.tell(f"{_SIGNS[each.level]} {each.about}: {each.message}", hanging=2)
        if each.mend:
            frame.tell(f"    {each.mend}", hanging=4)
        if each.record:
            frame.tell(f"    {each.record}")
    counts = {level: sum(each.level is level for each in found) for level in Level}
    problems, warnings = counts[Level.PROBLEM], counts[Level.WARNING]
    frame.tell(f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}. Nothing was sent.")
    return all_well(found)


def all_well(found: Sequence[Finding]) -> bool:
    """Return whether there is no problem."""
    return not any(each.level is Level.PROBLEM for each in found)


_SIGNS = {Level.FINE: "fine   ", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}
