"""Where the files lie that come with the program: in the package, or in the repository it is run from."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("paperround")))


def folder(name: str, *, in_repository: str | None = None) -> Path:
    """Return the folder of that name; a repository keeps it, maybe under another name, at its top."""
    packaged = _PACKAGE / name
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / (in_repository or name)


def templates() -> Path:
    """Return the folder with the built-in templates."""
    return folder("templates")


def examples() -> Sequence[Path]:
    """Return the files of an example config."""
    return sorted(folder("examples", in_repository="config").glob("*.yaml"))


def schemas() -> Path:
    """Return the folder with the JSON schemas of the config files."""
    return folder("schemas")


def translations() -> Path:
    """Return the folder with the words of the languages."""
    return folder("translations")


def sample() -> Path:
    """Return the folder with the config and the papers of the demo."""
    return folder("sample")
