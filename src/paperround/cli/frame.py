"""What all commands share: the config, the day, the output, and how errors end."""

import asyncio
import json
import logging
import os
import signal
import sys
import textwrap
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from paperround import clock, logs
from paperround.app import open_desk, utc_now
from paperround.config import ConfigError, Loaded, load
from paperround.desk import Desk
from paperround.dkim_signing import KeyProblem
from paperround.ports import Relay, StoreError
from paperround.probing import own_host
from paperround.rendering import TemplateError
from paperround.settings import Settings, WebSettings
from paperround.stopping import Stopped
from paperround.store import Store
from paperround.subscribers import Subscriber

T = TypeVar("T")

FAILED, USAGE = 1, 2  # how a command ends when something went wrong, or was asked for wrongly

# What goes into a file or a pipe is not folded to the width of a terminal that is not there.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 500)
err = Console(highlight=False, soft_wrap=True, stderr=True)

app = typer.Typer(
    name="paperround",
    help="Every morning, the papers you would have picked, in your inbox, and a reason for each of them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


CONFIG_VARIABLE = "PAPERROUND_CONFIG"
ConfigOption = Annotated[
    Path,
    typer.Option("--config", envvar=CONFIG_VARIABLE, metavar="DIR", help="The folder with the config."),
]


def date_option(meaning: str, name: str = "--date") -> Any:  # noqa: ANN401 - what typer makes of it
    """Return the option that takes a day."""
    return typer.Option(name, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=meaning)


DateOption = Annotated[datetime | None, date_option("The day; today if left out.")]
LatestDateOption = Annotated[datetime | None, date_option("The day; the latest one if left out.")]
LogDateOption = Annotated[datetime | None, date_option("The day; all of them if left out.")]
FormatOption = Annotated[Format, typer.Option("--format", help="For people or for scripts.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]

DEFAULT_CONFIG = Path("config")


def main() -> NoReturn:
    """Run the command line; exit 0 when done, 1 when something failed, 2 for a wrong call or config."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title may hold what a terminal cannot show
    try:
        app(standalone_mode=True)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem))
        sys.exit(USAGE)
    except KeyProblem as error:
        say(f"paperround: {error}")
        sys.exit(USAGE)
    except (StoreError, TemplateError, Stopped) as error:
        say(f"paperround: {error}")
        sys.exit(FAILED)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        say(f"paperround: {place}{error.strerror or error}")
        sys.exit(FAILED)
    sys.exit(0)


def _say_version(asked: bool) -> None:
    if asked:
        out.print(version("paperround"), markup=False)
        raise typer.Exit


@app.callback()
def _begin(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step.")] = False,
) -> None:
    logs.configure(logging.INFO if verbose else logging.WARNING)


def settings_of(folder: Path) -> Settings:
    """Return the settings, and say what `load` warns of."""
    return loaded(folder).settings


def loaded(folder: Path, *, readers_of: Path | None = None) -> Loaded:
    """Return the config, its readers those of another folder if given, and say what `load` warns of."""
    config = load(folder, os.environ, readers_of=readers_of)
    for warning in config.warnings:
        say(f"warning: {warning}")
    return config


def usual_config() -> Path:
    """Return the folder of the config that is used where no option names one."""
    return Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def own_url(web: WebSettings) -> str:
    """Return how the service is reached on this machine."""
    host = own_host(web)
    return f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"


def wants_json(chosen: Format, *, json_flag: bool) -> bool:
    """Return whether the answer is for a script."""
    return json_flag or chosen is Format.JSON


def say(line: str) -> None:
    """Write a line for people to standard error; nothing in it is markup."""
    err.print(_folded(line, err, hanging=2), markup=False)


def tell(line: str = "", *, hanging: int = 0) -> None:
    """Write a line of the answer to standard output; nothing in it is markup.

    On a terminal it is folded at words, the lines after the first indented by so many blanks.
    """
    out.print(_folded(line, out, hanging=hanging), markup=False)


def _folded(text: str, console: Console, *, hanging: int) -> str:
    if not console.is_terminal:
        return text
    margin = " " * hanging
    return "\n".join(
        textwrap.fill(
            line, console.width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
        )
        for line in text.split("\n")
    )


def answer(value: object) -> None:
    """Write the answer for a script to standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def score(relevance: float) -> str:
    """Return a relevance for people; a paper that came for another reason has none."""
    return f"{relevance:.2f}" if relevance else "   –"


def wrong_call(message: str) -> NoReturn:
    """End because of how the command was called."""
    say(f"paperround: {message}")
    raise typer.Exit(USAGE)


def day_of(given: datetime | None, subscribers: Sequence[Subscriber]) -> date:
    """Return the day that is meant: the one given, or today where most subscribers live."""
    now = utc_now()
    if given is None:
        days = Counter(clock.local_day(subscriber, now) for subscriber in subscribers)
        return days.most_common(1)[0][0] if days else now.date()
    day = given.date()
    if day > (now + timedelta(hours=14)).date():
        wrong_call(f"--date {day}: that day has not begun anywhere")
    return day


def chosen(subscribers: Sequence[Subscriber], address: str | None) -> tuple[Subscriber, ...]:
    """Return the subscribers that are meant: the one with the address, or all."""
    if address is None:
        return tuple(subscribers)
    found = tuple(each for each in subscribers if each.address.casefold() == address.casefold())
    if not found:
        wrong_call(f"{address}: no subscriber has this address; `paperround subscribers list` shows who has")
    return found


@dataclass
class StopRequest:
    """Whether somebody asked to stop."""

    made: bool = False


def at_desk(
    settings: Settings,
    work: Callable[[Desk], Awaitable[T]],
    *,
    store: Store | None = None,
    relay: Relay | None = None,
    request: StopRequest | None = None,
) -> T:
    """Return what the work gives; SIGTERM and SIGINT end it after the transactions in hand.

    That they came is said in `request`; `store` and `relay` are as for `open_desk`.
    """
    request = request or StopRequest()
    logs.conceal(settings)

    async def sit_down() -> T:
        async with open_desk(settings, store=store, relay=relay) as desk:
            working = asyncio.ensure_future(work(desk))

            def stop() -> None:
                if request.made:  # asked again: at once, and not after what is in hand
                    working.cancel()
                request.made = True
                desk.stop.set()

            for sign in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(sign, stop)
            return await working

    try:
        return asyncio.run(sit_down())
    except asyncio.CancelledError:
        raise Stopped(
            "stopped at once by request; what was on its way is looked after by the next run"
        ) from None
