"""A real model, and everything that may be in the place of one."""

import shutil
import sys
from pathlib import Path

import pytest

from paperround.embedding import SentenceModel
from paperround.ports import EmbedderError


@pytest.fixture
def copy(minilm: Path, tmp_path: Path) -> Path:
    """A copy of the model, for the test to change."""
    return Path(shutil.copytree(minilm, tmp_path / "model"))


def test_meaning_is_found_where_no_word_is_shared(minilm: Path) -> None:
    keyword, near, far = SentenceModel(minilm).embed(
        ["self-driving cars", "Trajectory prediction for autonomous vehicles", "Protein folding"]
    )
    assert keyword @ near > keyword @ far + 0.2


def test_a_model_has_one_name_wherever_it_is(minilm: Path, copy: Path) -> None:
    (copy / "README.md").write_text("What it is")
    (copy / ".cache").mkdir()
    (copy / ".cache" / "lock").touch()
    assert SentenceModel(copy).name == SentenceModel(minilm).name
    assert str(copy) not in SentenceModel(copy).name


def test_another_model_in_the_folder_has_another_name(minilm: Path, copy: Path) -> None:
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    assert SentenceModel(copy).name != SentenceModel(minilm).name


def test_a_model_that_has_a_name_is_called_by_it() -> None:
    assert SentenceModel("an-owner/a-model").name == "an-owner/a-model"


def test_nothing_is_printed(minilm: Path, capfd: pytest.CaptureFixture[str]) -> None:
    SentenceModel(minilm).embed(["robots"])
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = f"^{tmp_path}/absent: there is no such folder; name the one that holds the model$"
    with pytest.raises(EmbedderError, match=message):
        SentenceModel(tmp_path / "absent").embed(["robots"])
    with pytest.raises(EmbedderError, match=message):
        _ = SentenceModel(tmp_path / "absent").name


def test_a_folder_without_a_model_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        EmbedderError, match=r"this is no model: it holds neither modules\.json nor config\.json"
    ):
        _ = SentenceModel(tmp_path).name


def test_a_model_without_its_weights_cannot_be_loaded(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(
        EmbedderError, match=r"the model cannot be loaded: .*model\.safetensors.*put its files"
    ):
        SentenceModel(copy).embed(["robots"])


def test_a_model_that_is_cut_off_cannot_be_loaded(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EmbedderError, match=r"the model cannot be loaded: .*; put its files there anew$"):
        SentenceModel(copy).embed(["robots"])


def test_a_model_that_brings_code_is_not_run(copy: Path) -> None:
    (copy / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "ours.Module"}]')
    (copy / "ours.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(EmbedderError, match="the model cannot be loaded"):
        SentenceModel(copy).embed(["robots"])


def test_without_the_extra_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").touch()
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed
    with pytest.raises(EmbedderError, match=r'; run pip install "paperround\[semantic\]"$'):
        SentenceModel(tmp_path).embed(["robots"])
