"""Files and folders that a config names."""

from pathlib import Path

from paperround.config.fitting import Sheet
from paperround.config.problems import KeyPath, quoted


def existing(
    sheet: Sheet,
    path: KeyPath,
    folder: Path,
    written: str | None,
    *,
    directory: bool = False,
    may_come: bool = False,
) -> Path | None:
    """Return what is written as a path from the folder, after noting it if nothing is there.

    What `may_come` later is a warning now, and else a problem.
    """
    if written is None:
        return None
    whole = folder / written
    try:
        there = whole.is_dir() if directory else whole.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        there = False
    if not there:
        kind = "folder" if directory else "file"
        mend = "a path here begins at the folder of this file"
        note = sheet.warn if may_come else sheet.problem
        note(path, f"there is no {kind} {quoted(str(whole))}", mend)
    return whole
