"""What is logged: one event a line, readable on a terminal and JSON elsewhere, and nothing private."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import stamina
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from paperround.tokens import without_tokens

_LEAST_SECRET = 8  # characters; what is shorter stands in many a word that is none
_MAILBOX = re.compile(r"""([^\s<>@"',;:()\[\]/=\\])[^\s<>@"',;:()\[\]/=\\]{0,63}@(?=[\w-]+\.[\w-])""")
# The levels of libraries that repeat what others say, or what we log ourselves.
_SILENCED = {"apscheduler": logging.CRITICAL, "flufl.bounce": logging.CRITICAL + 1}

_concealed: set[str] = set()


def configure(level: int) -> None:
    """Log to standard error from this level on; what libraries log is let through from a warning on."""
    # What a source answers is told once, by its batch, and not for each try.
    stamina.instrumentation.set_on_retry_hooks([])
    for name, least in _SILENCED.items():
        logging.getLogger(name).setLevel(least)
    on_terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = [structlog.processors.format_exc_info, _private, *_form(on_terminal)]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _let_libraries_log_like_us(shared, rendering)


def conceal(settings: object) -> None:
    """Take care that no line ever repeats a secret of these settings: what their `repr` leaves out."""
    for secret in _secrets(settings):
        # A key has many lines, and each of them would be worth something.
        _concealed.update(line for line in secret.splitlines() if len(line) >= _LEAST_SECRET)


def private(text: str) -> str:
    """Return a text without secrets and tokens, and with addresses shortened to "a…@example.org"."""
    for secret in sorted(_concealed, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return _MAILBOX.sub(r"\1…@", without_tokens(text))


def _form(on_terminal: bool) -> tuple[Processor, ...]:  # noqa: FBT001 - there are these two
    if not on_terminal:
        return (structlog.processors.JSONRenderer(),)
    return (_visible, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback))


def _let_libraries_log_like_us(shared: list[Processor], rendering: list[Processor]) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.captureWarnings(capture=True)


def _private(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: _privately(value) for key, value in event.items()}


def _privately(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_privately(key): _privately(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_privately(each) for each in value]
        case _:
            return private(str(value))


def _visible(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep what others wrote from moving the cursor, and from looking like a line of ours."""
    exception = event.pop("exception", "")
    shown = {key: _visibly(value) for key, value in event.items()}
    lines = "\n".join(f"    {_visibly(line)}" for line in exception.splitlines())
    return {**shown, **({"exception": lines} if lines else {})}


def _visibly(value: Any) -> Any:  # noqa: ANN401 - only text is changed
    if not isinstance(value, str):
        return value
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in value)


def _secrets(settings: object) -> Iterator[str]:
    if not is_dataclass(settings):
        return
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, str) and not field.repr:
            yield value
        yield from _secrets(value)
