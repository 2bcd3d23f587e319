"""`python -m paperround.probing`: ask the running service whether it is well, and load little for it.

Containers ask twice a minute; `paperround health` asks the same, and takes four times as long to begin.
"""

import http.client
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

from paperround.config import ConfigError, load_web
from paperround.settings import WebSettings

PATIENCE = timedelta(seconds=4)
LARGEST_ANSWER = 1_000_000  # bytes
FAILED, USAGE = 1, 2  # as commands end

# Who listens at all addresses is asked at one of this machine.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing listens for it


class NoAnswer(Exception):  # noqa: N818 - it says what did not come
    """The service does not answer; the message says where it was asked, and what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service says of itself, and whether it is well by that."""

    text: str
    well: bool


def ask(web: WebSettings) -> Answer:
    """Return what the service that listens there answers, or raise NoAnswer."""
    host = own_host(web)
    connection = http.client.HTTPConnection(host, web.port, timeout=PATIENCE.total_seconds())
    try:
        connection.request("GET", "/healthz")
        reply = connection.getresponse()
        text = reply.read(LARGEST_ANSWER).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
        raise NoAnswer(f"the service does not answer at {host}:{web.port}: {why}") from error
    finally:
        connection.close()
    return Answer(text=text, well=reply.status == HTTPStatus.OK)


def own_host(web: WebSettings) -> str:
    """Return the address of this machine at which the service is reached."""
    return _HERE.get(web.host, web.host)


def main() -> int:
    """Ask the service of the usual config, and return how the program ends."""
    try:
        answer = ask(load_web(Path(os.environ.get("PAPERROUND_CONFIG") or "config"), os.environ))
    except ConfigError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
        return USAGE
    except NoAnswer as error:
        sys.stderr.write(f"paperround: {error}\n")
        return FAILED
    sys.stdout.write(f"{answer.text}\n")
    return 0 if answer.well else FAILED


if __name__ == "__main__":
    sys.exit(main())
