"""The forms in which single values are written, and what they are read as."""

import functools
import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, time, timedelta
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, field_validator
from pydantic_core import PydanticKnownError

from paperround.arxiv_categories import ARCHIVES, CATEGORIES
from paperround.config import addresses
from paperround.config.header_names import own_header
from paperround.config.problems import Wrong, did_you_mean, quoted
from paperround.settings import Mailbox
from paperround.subscribers import EVERY_DAY, WEEKDAYS

LONGEST_TEXT = 200  # characters
LONGEST_INTEREST = 2000  # an abstract may say what somebody looks for
LONGEST_PATH = 1000
LONGEST_URL = 2000
LAST_PORT = 65_535
LATEST_CATCH_UP = timedelta(days=2)  # further back nobody looks for a missed digest


def without_nulls(schema: dict[str, Any]) -> None:
    """Take out of the schema the null that is a form's own sign of a key that is absent."""
    for each in schema.get("properties", {}).values():
        if each.get("default", ...) is None:
            del each["default"]
        choices = [choice for choice in each.get("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            del each["anyOf"]
            each.update(choices[0])
        elif choices:
            each["anyOf"] = choices


class Form(BaseModel):
    """A mapping as a file holds it: known keys alone, and no value taken for another kind of value.

    `secrets` are keys that people look for here, and the variables that hold them in their place.
    """

    secrets: ClassVar[Mapping[str, str]] = MappingProxyType({})

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        field_title_generator=lambda name, field: field.alias or name,
        json_schema_extra=without_nulls,
    )

    # A key whose value was commented out must not count as a key that was never there.
    @field_validator("*", mode="before")
    @classmethod
    def _says_something(cls, value: object) -> object:
        if value is None:
            raise Wrong("nothing stands behind this key", "write a value, or remove the line")
        return value


def one_line(text: str) -> str:
    """Return the text with single blanks; raise Wrong if nothing is left or if it is no text for people."""
    tidy = " ".join(text.split())
    if not tidy:
        raise Wrong("this is empty", "write something, or remove the line")
    return printable(tidy)


def printable(text: str) -> str:
    """Return the text as it is; raise Wrong if it holds what cannot be seen."""
    if not text.isprintable():
        raise Wrong("a control character stands in this text", "remove it")
    return text


def clock(value: object) -> time:
    """Read a time of day such as 07:30."""
    if isinstance(value, int) and not isinstance(value, bool):
        mend = 'write it with a colon, in quotation marks, such as "07:30"'
        raise Wrong("YAML reads this as a number, not as a time", mend)
    found = re.fullmatch(_CLOCK, _text(value))
    if not found:
        mend = 'write it like "07:30", from "00:00" to "23:59"'
        raise Wrong(f"{quoted(_text(value))} is no time of day", mend)
    return time(int(found[1]), int(found[2]))


def zone(value: object) -> ZoneInfo:
    """Read the name of a time zone such as Europe/Berlin."""
    name = _text(value)
    if name not in _zones():
        close = did_you_mean(name, _zones(), otherwise="write it like Europe/Berlin")
        city = f"/{name.casefold()}"
        by_city = [each for each in _zones() if each.casefold().endswith(city)]
        mend = f"did you mean {quoted(min(by_city))}?" if by_city else close
        raise Wrong(f"{quoted(name)} is no time zone", mend)
    return ZoneInfo(name)


def day(value: object) -> date:
    """Read a day such as 2026-07-14."""
    written = _text(value)
    try:
        if re.fullmatch(_DAY, written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise Wrong(f"{quoted(written)} is no day of the calendar", "write it like 2026-07-14")


def days(value: object) -> frozenset[int]:
    """Read weekdays, daily, a day, or a list of days."""
    if isinstance(value, list):
        if not value:
            raise Wrong("no day is named", "write [mon, thu], or weekdays, or daily")
        return frozenset(_day(each, at=(index,)) for index, each in enumerate(value))
    name = _text(value)
    return _SEVERAL_DAYS[name] if name in _SEVERAL_DAYS else frozenset({_day(name)})


def span(value: object, *, shortest: timedelta = timedelta(minutes=1)) -> timedelta:
    """Read a length of time such as 12h."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Wrong("this is a number without its unit", "write it like 30m, 12h or 1d")
    found = re.fullmatch(_SPAN, _text(value))
    if not found:
        raise Wrong(f"{quoted(_text(value))} is no length of time", "write it like 30m, 12h or 1d")
    length = timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})
    if not shortest <= length <= LATEST_CATCH_UP:
        least = shortest // timedelta(minutes=1)
        raise Wrong("this length of time is out of bounds", f"write something from {least}m to 48h")
    return length


def wait(value: object) -> timedelta:
    """Read a length of time such as 90m; 0m is one, too."""
    return span(value, shortest=timedelta(0))


def host(text: str) -> str:
    """Return the name or the IP address of a machine."""
    if _is_ip(text) or re.fullmatch(_HOST, text):
        return text.lower()
    # The text is not repeated: a host that looks odd may hold a password.
    if "://" in text or re.search(r":\d+$", text):
        raise Wrong("this is more than a host's name", "write the name alone; the port has a key of its own")
    raise Wrong("this is no name of a host", "write it like smtp.example.org")


def network(text: str) -> str:
    """Return an IP address, or a network of them such as 10.0.0.0/8."""
    try:
        return str(ip_network(text)) if "/" in text else str(ip_address(text))
    except ValueError:
        raise Wrong(f"{quoted(text)} is no address of a machine", "write it like 10.0.0.0/8") from None


def port(text: str) -> int:
    """Return the number of a port."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= LAST_PORT:
        raise Wrong("this is no port", f"write a number from 1 to {LAST_PORT}")
    return int(text)


def is_loopback(name: str) -> bool:
    """Return whether the host is this machine."""
    return ip_address(name).is_loopback if _is_ip(name) else name in {"localhost", "localhost."}


def web_address(text: str) -> str:
    """Return an absolute http or https URL, without a slash at its end."""
    _split(text)
    return text.rstrip("/")


def public_address(text: str) -> str:
    """Return where readers reach us: https, or http on this machine, and no query."""
    parts = _split(text)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise Wrong("mail programs use one-click links over https alone", "write https://")
    if parts.query or parts.fragment:
        raise Wrong("this holds a ? or a #", "write the beginning that all our pages share")
    return text.rstrip("/")


def database(text: str) -> str:
    """Return the SQLAlchemy URL of a SQLite file, or of a database of PostgreSQL's."""
    mend = "write sqlite:///var/paperround.db"
    scheme, separator, path = text.partition("://")
    if not separator:
        raise Wrong("this is no address of a store", mend)
    if scheme in {"postgresql", "postgres"}:
        return f"postgresql://{_server(path)}"
    if scheme != "sqlite" or not path.startswith("/"):
        raise Wrong("this is no SQLite file", mend)
    if path in {"/", "/:memory:"} or not path.isprintable():
        raise Wrong("what this names would not outlive the process", mend)
    return text


def public_database(text: str) -> str:
    """Return the URL of a database, without a password."""
    url = database(text)
    if urlsplit(url).password is not None:
        raise Wrong("a password does not belong here", "write it into PAPERROUND_STORE_PASSWORD")
    return url


def _server(rest: str) -> str:
    """Return what follows the scheme in the URL of a database on a server."""
    mend = "write postgresql://paperround@db.example.org/paperround"
    try:
        parts = urlsplit(f"postgresql://{rest}")
        complete = parts.path.strip("/") and parts.port != 0
    except ValueError as error:
        raise Wrong("this is no address of a database", mend) from error
    if not complete or not rest.isprintable():
        raise Wrong("this names no database", mend)
    return rest


def source_category(text: str) -> str:
    """Return one of arXiv's categories or archives."""
    return text if text in ARCHIVES else category(text)


def category(text: str) -> str:
    """Return one of arXiv's categories."""
    if text not in CATEGORIES:
        mend = did_you_mean(text, CATEGORIES, otherwise="write it like cs.CL: arxiv.org/category_taxonomy")
        raise Wrong(f"{quoted(text)} is no category of arXiv", mend)
    return text


def _sender(value: object) -> Mailbox:
    return addresses.mailbox(_text(value))


_CLOCK = r"^([01]?[0-9]|2[0-3]):([0-5][0-9])$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_SPAN = r"^([0-9]{1,5}) ?([mhd])$"
_HOST = r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,30}\.?"

_DAYS = {
    name: day
    for day, long in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    for name in (long[:3], long)
}
_SEVERAL_DAYS = {"weekdays": WEEKDAYS, "daily": EVERY_DAY, "everyday": EVERY_DAY}

DayName = Literal[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
]  # fmt: skip
DaysForm = Literal["weekdays", "daily", "everyday"] | DayName | Annotated[list[DayName], Field(min_length=1)]

PathText = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH), AfterValidator(printable)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(one_line)]
Interest = Annotated[str, Field(min_length=1, max_length=LONGEST_INTEREST), AfterValidator(one_line)]
Clock = Annotated[time, PlainValidator(clock, json_schema_input_type=Annotated[str, Field(pattern=_CLOCK)])]
Day = Annotated[date, PlainValidator(day, json_schema_input_type=Annotated[str, Field(pattern=_DAY)])]
Zone = Annotated[ZoneInfo, PlainValidator(zone, json_schema_input_type=str)]
Days = Annotated[frozenset[int], PlainValidator(days, json_schema_input_type=DaysForm)]
Span = Annotated[timedelta, PlainValidator(span, json_schema_input_type=Annotated[str, Field(pattern=_SPAN)])]
Wait = Annotated[timedelta, PlainValidator(wait, json_schema_input_type=Annotated[str, Field(pattern=_SPAN)])]
Sender = Annotated[Mailbox, PlainValidator(_sender, json_schema_input_type=str)]
Address = Annotated[str, AfterValidator(addresses.address)]
Domain = Annotated[str, AfterValidator(addresses.domain)]
OwnHeader = Annotated[str, AfterValidator(own_header)]
Host = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(host)]
Network = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(network)]
Url = Annotated[str, AfterValidator(web_address)]
PublicUrl = Annotated[str, AfterValidator(public_address)]
Store = Annotated[str, AfterValidator(public_database)]
Port = Annotated[int, Field(ge=1, le=LAST_PORT)]
Category = Annotated[str, AfterValidator(category), Field(json_schema_extra={"enum": [*sorted(CATEGORIES)]})]
SourceCategory = Annotated[
    str,
    AfterValidator(source_category),
    Field(json_schema_extra={"enum": [*sorted(CATEGORIES | ARCHIVES)]}),
]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return value


def _day(value: object, *, at: tuple[int, ...] = ()) -> int:
    if not isinstance(value, str):
        raise Wrong("a day's name is expected here", "write mon, tue, wed, thu, fri, sat or sun", at=at)
    if value not in _DAYS:
        known = [*_DAYS, *([] if at else _SEVERAL_DAYS)]
        mend = did_you_mean(value, known, otherwise="write weekdays, daily, or days such as [mon, thu]")
        raise Wrong(f"{quoted(value)} is no day", mend, at=at)
    return _DAYS[value]


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _split(text: str) -> SplitResult:
    """Return the parts of a URL. No message repeats the URL: it may hold a password."""
    mend = "write it like https://example.org/path"
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text or "\\" in text:
        raise Wrong("this is no web address", mend)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Wrong("this is no web address", mend) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise Wrong("this is no absolute http or https address", mend)
    if "@" in parts.netloc:
        raise Wrong("a web address with a password in it is not used", "remove what stands before the @")
    return parts
