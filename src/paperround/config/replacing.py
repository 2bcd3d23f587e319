"""Replaces subscribers.yaml in one step, by one with which the config can be used, or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from paperround.config.loading import SUBSCRIBERS, Loaded, load
from paperround.config.problems import ConfigError
from paperround.config.yaml_cuts import NotEditable
from paperround.settings import Settings
from paperround.subscribers import Subscriber


class Refused(ConfigError):  # noqa: N818 - it is what becomes of an edit
    """With the edit the config could not be used; the lines are those of the file as it would be."""


class EditProblem(Exception):  # noqa: N818 - it says what keeps a file as it is
    """The file cannot be edited; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is made of the text, and what is then to hold of the subscriber it is about, if there is one."""

    about: str
    text: str
    holds: Callable[[Subscriber | None], bool]


def edited(
    folder: Path,
    environ: Mapping[str, str],
    edit: Callable[[Loaded, str], Edit],
    *,
    rehearsal: bool = False,
) -> Loaded:
    """Replace subscribers.yaml by what `edit` makes of the config and of the file's text; return the config.

    In a `rehearsal` everything is done but for that, and the file stays. A second edit waits for the first.
    Raise ConfigError where the config is wrong already, Refused where it would become so, and EditProblem
    where the file cannot be replaced, or not be edited by a program.
    """
    # Behind a link, the file itself is replaced, and the link stays.
    file = (folder / SUBSCRIBERS).resolve()
    with _alone(file.parent) if file.is_file() else nullcontext():
        data = file.read_bytes() if file.is_file() else None
        before = load(folder, environ, readers=data)
        text = (data or b"").decode()
        try:
            made = edit(before, text)
        except NotEditable:
            raise EditProblem(_by_hand(file)) from None
        try:
            after = load(folder, environ, readers=made.text.encode())
        except ConfigError as error:
            raise Refused(error.problems) from None
        if not _as_meant(before.settings, after.settings, made):
            raise EditProblem(_by_hand(file))
        if made.text != text and not rehearsal:
            _replace(file, text.encode(), made.text.encode())
        return after


def found(settings: Settings, address: str) -> Subscriber | None:
    """Return the subscriber of this address, in whatever capitals."""
    folded = address.casefold()
    return next((each for each in settings.subscribers if each.address.casefold() == folded), None)


def _by_hand(file: Path) -> str:
    return f"{file} is written in a way that is left to people: edit it by hand; nothing was changed"


def _as_meant(before: Settings, after: Settings, edit: Edit) -> bool:
    """Return whether the edit does what it should, and nothing to anybody else."""
    folded = edit.about.casefold()
    others = [
        [each for each in settings.subscribers if each.address.casefold() != folded]
        for settings in (before, after)
    ]
    return others[0] == others[1] and edit.holds(found(after, edit.about))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # The folder and not the file, which is another one after each edit.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, before: bytes, after: bytes) -> None:
    """Put a new file in the place of the old one, if that is still what was read."""
    try:
        with _beside(file, after) as new:
            if file.read_bytes() == before:
                new.replace(file)
                _keep(file.parent)
                return
    except OSError as error:
        mend = _MENDS.get(error.errno or 0, "run this as a user who may write in its folder")
        raise EditProblem(f"{file} cannot be replaced: {error.strerror}; {mend}") from error
    raise EditProblem(f"{file} was changed by somebody else just now; try again")


_MENDS = {
    errno.EROFS: "edit it where it is mounted from",
    errno.EBUSY: "it is mounted by itself: mount its folder, or edit it where it is mounted from",
    errno.ENOSPC: "make room on the disk",
}


@contextmanager
def _beside(file: Path, contents: bytes) -> Iterator[Path]:
    """Give a file beside another, safe on the disk and with its rights, to take its place."""
    # Without the ending of a config: whoever follows its files shall not take this for one.
    with tempfile.NamedTemporaryFile(prefix=f".{file.name}.", dir=file.parent, delete=False) as new:
        try:
            new.write(contents)
            _as_before(file, new.fileno(), Path(new.name))
            new.flush()
            os.fsync(new.fileno())
            yield Path(new.name)
        finally:
            Path(new.name).unlink(missing_ok=True)


def _as_before(file: Path, new: int, name: Path) -> None:
    """Give the new file the owner and the rights of the old one, or else raise EditProblem."""
    old, now = file.stat(), os.fstat(new)
    if (old.st_uid, old.st_gid) != (now.st_uid, now.st_gid):
        try:
            os.fchown(new, old.st_uid, old.st_gid)
        except PermissionError:
            mend = "run this as that user, for nobody else could leave it theirs"
            raise EditProblem(f"{file} belongs to another user or group; {mend}") from None
    shutil.copystat(file, name)
    os.utime(name)  # it was written now


def _keep(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
