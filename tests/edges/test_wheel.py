"""The wheel, as somebody would install it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a wheel that was built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def run(unpacked: Path, folder: Path, *arguments: str) -> str:
    code = "import paperround, sys; from paperround.cli import main; print(paperround.__file__); main()"
    environ = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(unpacked) in done.stdout
    return done.stdout


def test_it_carries_all_that_the_program_reads(unpacked: Path, tmp_path: Path) -> None:
    assert run(unpacked, tmp_path, "demo").count(": sent, ") == 3
    run(unpacked, tmp_path, "init")
    run(unpacked, tmp_path, "check")
    schema = str(unpacked / "paperround/schemas/paperround.schema.json")
    assert schema in (tmp_path / "config/paperround.yaml").read_text(encoding="utf-8")
    assert Path(schema).is_file()
    assert (unpacked / "paperround/translations/de.po").is_file()


def test_it_carries_nothing_else(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir()}
    assert {name.partition("-")[0] for name in tops} == {"paperround"}
    assert not list(unpacked.rglob("tests"))
