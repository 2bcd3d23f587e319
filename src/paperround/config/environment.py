"""What the environment and `.env` say: secrets, and the keys that differ from machine to machine."""

import io
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from paperround.config.fitting import Findings
from paperround.config.forms import database, host, port, public_address
from paperround.config.problems import Problem, Wrong, closest

T = TypeVar("T")

PREFIX = "PAPERROUND_"
SECRETS = (
    "PAPERROUND_RELAY_PASSWORD",
    "PAPERROUND_BOUNCES_PASSWORD",
    "PAPERROUND_DKIM_KEY",
    "PAPERROUND_DKIM_ED25519_KEY",
    "PAPERROUND_METRICS_TOKEN",
    "PAPERROUND_STORE_PASSWORD",
)
OVERRIDES = ("PAPERROUND_STORE", "PAPERROUND_PUBLIC_URL", "PAPERROUND_WEB_HOST", "PAPERROUND_WEB_PORT")
KNOWN = (*OVERRIDES, *SECRETS, *(f"{name}_FILE" for name in SECRETS), "PAPERROUND_CONFIG")

LARGEST_SECRET = 100_000  # bytes

# What containers mount here is seen by their own processes alone, whatever its mode says.
MOUNTED_SECRETS = Path("/run/secrets")

# Rights that nobody else may have to a secret. Its group may read it: services have one of their own.
_CHANGE = stat.S_IWGRP | stat.S_IWOTH
_USE = _CHANGE | stat.S_IROTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What the environment says; None for what it does not mention."""

    store: str | None = field(default=None, repr=False)
    public_url: str | None = None
    web_host: str | None = None
    web_port: int | None = None
    relay_password: str | None = field(default=None, repr=False)
    dkim_key: str | None = field(default=None, repr=False)
    dkim_ed25519_key: str | None = field(default=None, repr=False)
    bounces_password: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    store_password: str | None = field(default=None, repr=False)


def read(
    environ: Mapping[str, str], dotenv: Path | None, findings: Findings, *, mounted: Path = MOUNTED_SECRETS
) -> Variables:
    """Return what the environment says, and the file `dotenv` where the environment is silent.

    An empty variable is one that is not set. Nothing is exported. Secrets in the folder `mounted`
    may be readable by everybody.
    """
    real = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    said = (_without_twins(_from_file(dotenv, findings), real) if dotenv else {}) | real
    for name in sorted(said.keys() - set(KNOWN)):
        endings = [known.removeprefix(PREFIX) for known in KNOWN]
        if close := closest(name.removeprefix(PREFIX), endings, likeness=0.8):
            findings.warn("this variable is not known", f'did you mean "{PREFIX}{close}"?', name=name)
    relay_password, bounces_password, dkim_key, ed25519_key, metrics_token, store_password = (
        _secret(name, said, findings, mounted) for name in SECRETS
    )
    return Variables(
        store=_override("PAPERROUND_STORE", database, said, findings),
        public_url=_override("PAPERROUND_PUBLIC_URL", public_address, said, findings),
        web_host=_override("PAPERROUND_WEB_HOST", host, said, findings),
        web_port=_override("PAPERROUND_WEB_PORT", port, said, findings),
        relay_password=relay_password,
        dkim_key=dkim_key,
        dkim_ed25519_key=ed25519_key,
        bounces_password=bounces_password,
        metrics_token=metrics_token,
        store_password=store_password,
    )


def secret_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files that the environment names for secrets."""
    return tuple(Path(file) for name in SECRETS if (file := environ.get(f"{name}_FILE")))


def _without_twins(said: dict[str, str], real: Mapping[str, str]) -> dict[str, str]:
    """Return what a file says without the secrets that the environment says in either of two ways."""
    twins = {name: f"{name}_FILE" for name in SECRETS}
    settled = {each for name, twin in twins.items() if name in real or twin in real for each in (name, twin)}
    return {name: value for name, value in said.items() if name not in settled}


def _from_file(file: Path, findings: Findings) -> dict[str, str]:
    try:
        text = _contents(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.problem("this is not UTF-8", "save the file as UTF-8", file=file)
        return {}
    except OSError as error:
        findings.problem(_reason(error), "make it a file that this user may read", file=file)
        return {}
    unreadable = [each.original.line for each in parse_stream(io.StringIO(text)) if each.error]
    for line in unreadable:
        mend = "write NAME=value, one on a line"
        findings.problems.append(Problem(file=file, line=line, message="this cannot be read", mend=mend))
    if unreadable:
        return {}
    # Without interpolation: a password may contain ${, and nobody but the caller reads os.environ.
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    said = {name: value for name, value in values.items() if name.startswith(PREFIX) and value}
    if said.keys() & set(SECRETS) and _others_may(file, _USE):
        common = "other users of this machine could use the secrets in it"
        findings.problem(common, f"chmod 600 {file}", file=file)
    return said


def _override(
    name: str, read_as: Callable[[str], T], said: Mapping[str, str], findings: Findings
) -> T | None:
    if name not in said:
        return None
    try:
        return read_as(said[name])
    except Wrong as wrong:
        findings.problem(wrong.message, wrong.mend, name=name)
        return None


def _secret(name: str, said: Mapping[str, str], findings: Findings, mounted: Path) -> str | None:
    twin = f"{name}_FILE"
    if twin not in said:
        return said.get(name)
    if name in said:
        findings.problem(f"{twin} is set too", "keep one of the two", name=name)
        return None
    file = Path(said[twin])
    try:
        secret = _contents(file).decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        findings.problem("the file it names holds no text", "save the secret as text", name=twin)
        return None
    except (OSError, ValueError) as error:  # a ValueError where the name holds a NUL
        mend = "name a file that this user may read"
        findings.problem(f"the file it names cannot be used: {_reason(error)}", mend, name=twin)
        return None
    if not secret.strip():
        findings.problem("the file it names is empty", "write the secret into it", name=twin)
        return None
    _check_rights(file, twin, findings, mounted)
    return secret


def _check_rights(file: Path, name: str, findings: Findings, mounted: Path) -> None:
    seen_by_us_alone = file.resolve().is_relative_to(mounted.resolve())
    if _others_may(file, _CHANGE if seen_by_us_alone else _USE):
        common = "other users of this machine could use the file it names"
        findings.problem(common, f"chmod 600 {file}, or mount it below {mounted}", name=name)


def _contents(file: Path) -> bytes:
    if not file.is_file():
        raise FileNotFoundError("there is no such file")
    with file.open("rb") as opened:
        contents = opened.read(LARGEST_SECRET + 1)
    if len(contents) > LARGEST_SECRET:
        raise OSError(f"it is larger than {LARGEST_SECRET // 1000} kB")
    return contents


def _reason(error: Exception) -> str:
    """Return why, without the path, which for a variable set by mistake may be the secret itself."""
    return getattr(error, "strerror", None) or (str(error) if isinstance(error, OSError) else "it is no path")


def _others_may(file: Path, rights: int) -> bool:
    return os.name == "posix" and bool(file.stat().st_mode & rights)
