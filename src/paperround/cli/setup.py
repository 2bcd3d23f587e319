"""init, check and migrate: what surrounds the mail that goes out."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from paperround import installed
from paperround.app import beside_store, letters, utc_now
from paperround.cli import frame
from paperround.cli.advice import keyword_warnings
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    USAGE,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    app,
)
from paperround.cli.online import all_well, found_online, tell_found
from paperround.cli.subscribers import readmission
from paperround.config import ConfigError, Loaded, load
from paperround.config.problems import Problem, did_you_mean
from paperround.dkim_signing import KeyProblem
from paperround.embedding import SentenceModel
from paperround.phrases import counted
from paperround.ports import EmbedderError, StoreError
from paperround.rendering import TemplateError, check_answers
from paperround.restoring import require_rest
from paperround.settings import Settings
from paperround.store import open_store
from paperround.store.moving import move
from paperround.web.pages import check as check_pages

_ENV = """\
# Secrets are read from here, or from the environment, which wins. Instead of NAME you may set
# NAME_FILE to the path of a file that holds the secret. Keep this file to yourself: chmod 600 .env
#PAPERROUND_RELAY_PASSWORD=
#PAPERROUND_BOUNCES_PASSWORD=
#PAPERROUND_DKIM_KEY_FILE=/run/secrets/dkim.pem
#PAPERROUND_DKIM_ED25519_KEY_FILE=/run/secrets/dkim-ed25519.pem
#PAPERROUND_METRICS_TOKEN=
#PAPERROUND_STORE_PASSWORD=
"""


@app.command()
def init(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Write a commented config and a .env to start from; what is there already stays as it is."""
    config.mkdir(parents=True, exist_ok=True)
    for example in installed.examples():
        text = example.read_text(encoding="utf-8")
        _write_new(config / example.name, text.replace("../src/paperround/schemas", str(installed.schemas())))
    _write_new(Path(".env"), _ENV, mode=0o600)
    option = "" if config == DEFAULT_CONFIG else f" --config {config}"
    frame.tell(
        f"Now say in {config / 'subscribers.yaml'} who reads what, and try `paperround check{option}`."
    )


@app.command()
def check(
    online: Annotated[
        bool, typer.Option("--online", help="Look at relay, DNS, sources, mailbox, clock and disk as well.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Find every problem of the config at once, with file, line and mend; judge keywords by stored papers."""
    if frame.wants_json(form, json_flag=json):
        _report(config, online=online)
        return
    loaded = frame.loaded(config)
    settings = loaded.settings
    warnings, model = _examined(loaded)
    for warning in warnings:
        frame.say(f"warning: {warning}")
    if model is not None:
        frame.say(f"paperround: {model}")
        frame.say("Until then papers are ranked by words alone, and each email says so.")
        raise typer.Exit(FAILED)
    ways = f"by {settings.relay.host}:{settings.relay.port}" if settings.relay else f"into {settings.outbox}/"
    frame.tell(
        f"{config} is fine: {counted(len(settings.subscribers), 'subscriber')}, "
        f"{counted(len(settings.sources), 'source')}; "
        f"mail goes {ways}; the store is {settings.store}"
    )
    if online and not tell_found(found_online(settings)):
        raise typer.Exit(FAILED)


def _report(config: Path, *, online: bool) -> None:
    """Write what is wrong, and what likely is not meant, for a script."""
    try:
        loaded = load(config, os.environ)
    except ConfigError as error:
        frame.answer({"problems": [_entry(each) for each in error.problems], "warnings": []})
        raise typer.Exit(USAGE) from None
    try:
        warnings, model = _examined(loaded)
    except (TemplateError, KeyProblem, StoreError) as error:
        path = next(name for kind, name in _PLACES.items() if isinstance(error, kind))
        wrong = Problem(file=None, path=path, message=str(error))
        frame.answer({"problems": [_entry(wrong)], "warnings": []})
        raise typer.Exit(FAILED) from None
    told = [_entry(each) for each in (*loaded.warnings, *warnings)]
    report: dict[str, object] = {"problems": [_entry(model)] if model else [], "warnings": told}
    found = found_online(loaded.settings) if online else ()
    if online:
        report["online"] = [asdict(each) for each in found]
    frame.answer(report)
    if model or not all_well(found):
        raise typer.Exit(FAILED)


_PLACES: Mapping[type[Exception], str] = {
    TemplateError: "templates",
    KeyProblem: "dkim",
    StoreError: "store",
}


def _examined(loaded: Loaded) -> tuple[Sequence[Problem], Problem | None]:
    """Return what the store lets us warn of, and what is wrong with the model, if anything is."""
    settings = loaded.settings
    with closing(open_store(settings.store)) as store:
        letters(settings, store.ledger)  # which reads the templates of mails, and the key
        suppressions = store.ledger.suppressions()
        ids = store.ledger.enrol([each.address for each in settings.subscribers], now=utc_now())
        with frame.err.status("Looking for the keywords in the stored papers"):
            warnings = list(keyword_warnings(loaded, store.library))
    check_pages(settings.templates)
    check_answers(settings.templates)
    for each in settings.subscribers:
        if suppression := suppressions.get(ids[each.address]):
            why, mend = readmission(each.address, suppression)
            warnings.append(Problem(file=None, message=f"{each.address} {why}", mend=mend))
    warnings += _strays(settings.templates)
    return warnings, _model_problem(settings)


def _strays(folder: Path | None) -> Iterator[Problem]:
    """Yield a warning for each file among the operator's templates that no mail and no page is made from."""
    if folder is None:
        return
    builtin = installed.templates()
    known = {path.relative_to(builtin).as_posix() for path in builtin.rglob("*") if path.is_file()}
    own = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.j2") if path.is_file()}
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in own.values()]
    for name in sorted(own.keys() - known):
        if not any(name in text for text in texts):
            mend = did_you_mean(name, known, otherwise="name it like the one it is to replace")
            yield Problem(file=own[name], message="takes the place of no template", mend=mend)


def _model_problem(settings: Settings) -> Problem | None:
    if settings.semantic is None:
        return None
    try:
        SentenceModel(settings.semantic.model).embed(["a word"])
    except EmbedderError as error:
        return Problem(file=None, path="semantic.model", message=str(error))
    return None


def _entry(problem: Problem) -> dict[str, object]:
    return {**asdict(problem), "file": str(problem.file) if problem.file else None}


@app.command()
def migrate(
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="Copy everything into this store, which is empty.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Bring the store up to date with this version, as every other command does; or move it to another."""
    settings = frame.settings_of(config)
    with closing(open_store(settings.store)) as store:
        if to is None:
            frame.tell(f"{store.database.name} is at revision {store.revision}.")
            return
        # What is sent after the copy was made is not in it.
        require_rest(beside_store(settings, ".workers"))
        with closing(open_store(to)) as other:
            copied = move(store.database, other.database)
            frame.tell(f"Copied to {other.database.name}:")
    for name, count in copied.items():
        if count:
            frame.tell(f"  {name}: {count}")
    frame.tell("Now name it as `store` in paperround.yaml; what was there stays as it is.")


def _write_new(path: Path, text: str, *, mode: int = 0o644) -> None:
    if path.exists():
        frame.say(f"{path} is there already and stays as it is")
        return
    path.touch(mode=mode)
    path.write_text(text, encoding="utf-8")
    frame.tell(f"Wrote {path}")
