"""The unit for systemd: what it says fits the service, and systemd understands all of it."""

import re
import shutil
import subprocess
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from paperround.delivery.connection import Timeouts

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "paperround.service"
LARGEST_EXPOSURE = 2.0  # of 10; systemd calls what is under it "OK" and what is over 5 "EXPOSED" or worse


def said() -> dict[str, list[str]]:
    """Return what the unit says, by the key; one may be said several times."""
    found = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found[match[1]].append(match[2])
    return found


def test_it_ends_after_the_last_word_of_a_relay() -> None:
    (patience,) = said()["TimeoutStopSec"]
    assert timedelta(minutes=int(patience.removesuffix("min"))) > Timeouts().dot
    assert said()["KillSignal"] == ["SIGTERM"]
    assert said()["Restart"] == ["on-failure"]


def test_it_writes_where_the_store_is_and_nowhere_else() -> None:
    unit = said()
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["ReadWritePaths"] == [f"{unit['WorkingDirectory'][0]}/var"]


def test_systemd_understands_it_and_finds_it_closed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("not installed: systemd-analyze")
    unit = tmp_path / UNIT.name
    program = said()["ExecStart"][0].split()[0]
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(program, "/bin/sh"), encoding="utf-8")
    verified = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    security = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(security, capture_output=True, text=True, check=True).stdout
    (exposure,) = re.findall(r"Overall exposure level for paperround\.service: ([\d.]+)", told)
    assert float(exposure) < LARGEST_EXPOSURE
