"""Sentence embeddings, by sentence-transformers and on the CPU."""

import os
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperround.ports import EmbedderError

INSTALL = 'pip install "paperround[semantic]"'


class SentenceModel:
    """A model in a folder, or one with a name, which is downloaded when it is first needed.

    Nothing is loaded before the first text is asked about: where all vectors are kept, none ever is.
    """

    def __init__(self, model: Path | str) -> None:
        self._model = model

    @cached_property
    def name(self) -> str:
        """The model's own name, or a digest of what is in its folder."""
        return _digest(self._model) if isinstance(self._model, Path) else self._model

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text."""
        model = self._loaded
        try:
            vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        except Exception as error:  # a model brings code of its own, whose errors are nobody's promise
            raise EmbedderError(f"{self._model}: the model gave no vectors: {_told(error)}") from error
        return np.asarray(vectors, np.float32).reshape(len(texts), -1 if texts else 0)

    @cached_property
    def _loaded(self) -> Any:  # noqa: ANN401 - the library is there only where the extra is
        mend = "check its name and the network, or name a folder that holds it"
        if isinstance(self._model, Path):
            _require_model(self._model)
            mend = "put its files there anew"
        library = _library()
        try:
            return _load(library, self._model)
        except Exception as error:  # what is wrong with a model's files shows in errors of any kind
            reason = f"the model cannot be loaded: {_told(error)}; {mend}"
            raise EmbedderError(f"{self._model}: {reason}") from error


def _library() -> Any:  # noqa: ANN401
    # Read when the library is imported; there is no later moment to say it.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        library = import_module("sentence_transformers")
        for chatty in ("transformers", "huggingface_hub"):
            import_module(f"{chatty}.utils.logging").set_verbosity_error()
        import_module("transformers.utils.logging").disable_progress_bar()
    except ImportError as error:
        raise EmbedderError(f"sentence-transformers cannot be imported ({error}); run {INSTALL}") from error
    return library


def _load(library: Any, model: Path | str) -> Any:  # noqa: ANN401
    load = partial(library.SentenceTransformer, str(model), device="cpu", trust_remote_code=False)
    try:
        return load(local_files_only=True)
    except OSError:
        if isinstance(model, Path):
            raise
        return load(local_files_only=False)


def _require_model(folder: Path) -> None:
    if not folder.is_dir():
        raise EmbedderError(f"{folder}: there is no such folder; name the one that holds the model")
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise EmbedderError(f"{folder}: this is no model: it holds neither modules.json nor config.json")


def _digest(folder: Path) -> str:
    """Return a name that goes with what the folder holds, wherever the folder is."""
    _require_model(folder)
    digest = sha256()
    try:
        for file in _files(folder):
            digest.update(f"{file.relative_to(folder).as_posix()}\n{file.stat().st_size}\n".encode())
            with file.open("rb") as opened:
                while piece := opened.read(1 << 20):
                    digest.update(piece)
    except OSError as error:
        raise EmbedderError(f"{error.filename}: {error.strerror}; make it readable") from error
    return f"sha256:{digest.hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    """Yield what makes up the model, in order: not its description, nor what is hidden."""
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden and file.suffix != ".md":
            yield file


def _told(error: Exception) -> str:
    """Return the first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
