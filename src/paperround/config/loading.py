"""Reads the config once: two files and the environment become one frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from paperround.config import environment, installation, subscriptions
from paperround.config.fitting import Findings, Sheet
from paperround.config.problems import ConfigError, Problem
from paperround.config.yaml_lines import LARGEST_FILE, Document, parse
from paperround.settings import Settings, WebSettings

INSTALLATION = "paperround.yaml"
SUBSCRIBERS = "subscribers.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A config that can be used, and what in it is likely not what was meant.

    `readers` is subscribers.yaml as it was read, its subscribers one to one those of the settings.
    """

    settings: Settings
    readers: Document
    warnings: tuple[Problem, ...] = ()


def load(
    folder: Path,
    environ: Mapping[str, str],
    *,
    dotenv: Path = Path(".env"),
    readers_of: Path | None = None,
    readers: bytes | None = None,
) -> Loaded:
    """Read `paperround.yaml` and `subscribers.yaml` of the folder, and the variables they go with.

    What `environ` does not say is taken from the folder's `.env`, or else from the file `dotenv`. With
    `readers_of`, the subscribers are those of that other folder; with `readers`, what that file would say
    if it held these bytes. Raise ConfigError with every problem of all of it.
    """
    findings = Findings()
    settings = _installation(folder, environ, dotenv, findings)
    who = _sheet((readers_of or folder) / SUBSCRIBERS, findings, readers)
    sender = settings.sender if settings else None
    bounces = settings.bounces.address if settings and settings.bounces else None
    subscribers = subscriptions.read(who, sender=sender, bounces=bounces) if who else ()
    may_come = settings is not None and settings.open_subscription
    newcomer = subscriptions.newcomer(who, may_come=may_come) if who else None
    if findings.problems or settings is None or who is None or newcomer is None:
        raise ConfigError(_in_order(findings.problems))
    return Loaded(
        settings=replace(settings, subscribers=subscribers, newcomer=newcomer),
        readers=who.document,
        warnings=tuple(_in_order(findings.warnings)),
    )


def load_web(folder: Path, environ: Mapping[str, str], *, dotenv: Path = Path(".env")) -> WebSettings:
    """Read where the service listens, for whoever asks that often: subscribers are not read.

    What is wrong elsewhere is left to `load`. Raise ConfigError where that hides what is asked for.
    """
    findings = Findings()
    settings = _installation(folder, environ, dotenv, findings)
    if settings is None:
        raise ConfigError(_in_order(findings.problems))
    return settings.web


def _installation(
    folder: Path, environ: Mapping[str, str], dotenv: Path, findings: Findings
) -> Settings | None:
    env_file = next((file for file in (folder / ".env", dotenv) if os.path.lexists(file)), None)
    variables = environment.read(environ, env_file, findings)
    main = _sheet(folder / INSTALLATION, findings)
    return installation.read(main, folder=folder, variables=variables) if main else None


def _sheet(file: Path, findings: Findings, data: bytes | None = None) -> Sheet | None:
    if data is None:
        data = _read(file, findings)
    try:
        return None if data is None else Sheet(parse(data, file), findings)
    except ConfigError as error:
        findings.problems.extend(error.problems)
        return None


def _read(file: Path, findings: Findings) -> bytes | None:
    if not os.path.lexists(file):
        findings.problem("there is no such file", "`paperround init` writes an example", file=file)
        return None
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        findings.problem(
            error.strerror or "it cannot be read", "make it a file that this user may read", file=file
        )
        return None


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (str(problem.file or ""), problem.line or 0))
