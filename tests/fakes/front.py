"""A front door at which strangers ask for the papers, with a clock and a relay in the test's hands."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette
from tests.fakes.asking import URLENCODED, ask
from tests.fakes.joining import MemoryMembers, MemoryRequests
from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.relay import Handed, MemoryRelay
from tests.fakes.world import RENDERER

from paperround.answers import Answers
from paperround.joining import Joining
from paperround.keywords import keyword
from paperround.letters import Letters
from paperround.ports import Ledger, Members, Requests, SubscriberId
from paperround.rates import Rate
from paperround.rendering import AnswerRenderer
from paperround.roll import Roll
from paperround.settings import Mailbox
from paperround.subscribers import Interests, Subscriber
from paperround.web import Health, create_app

SITE = "https://papers.example.org"
SECRET = bytes(range(32))
TUESDAY_NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
ADDRESS = "ada@example.org"
NEWCOMER = Subscriber(address="", timezone=ZoneInfo("Europe/London"), deliver_at=time(7, 30))
LETTERS = Letters(
    renderer=RENDERER,
    sender=Mailbox(name="Paper Round", address="papers@example.org"),
    secret=SECRET,
    public_url=SITE,
    postal_address="1 Example Street, London",
    bounces="bounces@example.org",
)


def arranged(name: str) -> Subscriber:
    """Return a reader of the config."""
    interests = Interests(keywords=(keyword("robots"),))
    return Subscriber(
        address=f"{name}@example.org",
        interests=interests,
        timezone=ZoneInfo("Europe/London"),
        deliver_at=time(7),
    )


@dataclass
class Front:
    """The door, and all that is behind it."""

    ledger: Ledger = field(default_factory=MemoryLedger)
    requests: Requests | None = None
    members: Members | None = None
    readers: Sequence[Subscriber] = ()
    relay: MemoryRelay = field(default_factory=MemoryRelay)
    letters: Letters = LETTERS
    rate: Rate = field(default_factory=lambda: Rate(relay="smtp.example.org:587"))
    is_open: bool = True
    now: datetime = TUESDAY_NOON

    def __post_init__(self) -> None:
        if self.requests is None or self.members is None:
            assert isinstance(self.ledger, MemoryLedger)
            self.requests = requests = MemoryRequests(self.ledger)
            self.members = MemoryMembers(self.ledger, requests, MemoryPreferences(self.ledger))
        self.roll = Roll(self.readers, self.members, newcomer=NEWCOMER)
        self.joining = Joining(
            is_open=self.is_open,
            requests=self.requests,
            members=self.members,
            roll=self.roll,
            ledger=self.ledger,
            answers=Answers(renderer=AnswerRenderer(), letters=self.letters),
            relay=self.relay,
            rate=self.rate,
            now=lambda: self.now,
        )

    def app(self) -> Starlette:
        """Return the website."""
        return create_app(
            ledger=self.ledger,
            preferences=MemoryPreferences(MemoryLedger()),
            readers=lambda _: None,
            language=lambda _: None,
            secret=SECRET,
            health=Health,
            now=lambda: self.now,
            sender_name="Paper Round",
            patience=timedelta(seconds=1),
            reception=self.joining if self.is_open else None,
            public_url=SITE,
        )

    def open(self, path: str = "/subscribe", *, like: str = "") -> httpx.Response:
        """Return the page, in the language that is liked."""
        return ask("GET", path, self.app(), headers={"Accept-Language": like} if like else {})

    def send(
        self, form: dict[str, str], path: str = "/subscribe", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a form, and return the page that follows."""
        sent = urlencode(form).encode()
        return ask("POST", path, self.app(), sent, {**URLENCODED, **(headers or {})})

    def apply(self, address: str = ADDRESS, *, like: str = "", **more: str) -> httpx.Response:
        """Ask for the papers."""
        form = {"address": address, "keywords": "LoRA\ndiffusion models", **more}
        return self.send(form, headers={"Accept-Language": like} if like else {})

    def look(self, *, after: timedelta = timedelta(0)) -> list[Handed]:
        """Let time pass and the mails go out; return those that did."""
        self.now += after
        before = len(self.relay.handed)
        asyncio.run(self.joining.look())
        return self.relay.handed[before:]

    def link(self) -> str:
        """Return where the link of the latest mail leads to."""
        found = re.search(rf"{SITE}/\S+", text_of(self.relay.handed[-1]))
        assert found is not None
        return urlsplit(found[0]).path

    def confirm(self, path: str | None = None, **headers: str) -> httpx.Response:
        """Press the button of the page to which the latest mail leads."""
        return self.send({"confirm": "yes"}, path or self.link(), headers)

    def join(self, address: str = ADDRESS) -> None:
        """Go all the way."""
        self.apply(address)
        self.look()
        assert self.confirm().status_code == 200

    def number(self, address: str = ADDRESS) -> SubscriberId:
        """Return the number that an address has."""
        return self.ledger.enrol([address], now=self.now)[address]

    def addresses(self) -> list[str]:
        """Return who reads."""
        return [each.address for each in self.roll.everybody()]


def parsed(handed: Handed) -> EmailMessage:
    """Return a message that was handed over."""
    message = message_from_bytes(handed.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(handed: Handed, kind: str = "plain") -> str:
    """Return one of its bodies."""
    body = parsed(handed).get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content
