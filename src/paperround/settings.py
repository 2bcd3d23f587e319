"""How an installation runs: the config, read, checked and frozen."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from paperround.ports import OnUnknown
from paperround.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name, which may be empty, and an address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The part after the @."""
        return self.address.rpartition("@")[2]

    @property
    def shown(self) -> str:
        """What people are told it is."""
        return self.name or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFaceSettings:
    """Hugging Face Daily Papers."""

    name: str = "Hugging Face"
    base_url: str = "https://huggingface.co"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArxivSettings:
    """arXiv's announcements of some categories."""

    categories: tuple[str, ...]
    name: str = "arXiv"
    base_url: str = "https://rss.arxiv.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Any RSS or Atom feed."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Papers in a file, one JSON object a line."""

    name: str
    path: Path


SourceSettings = HuggingFaceSettings | ArxivSettings | FeedSettings | FileSettings


class Tls(StrEnum):
    """How the conversation with a mail server is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"  # to a loopback address only


class Transport(StrEnum):
    """How letters follow each other over a connection to the relay."""

    STANDARD = "standard"
    PIPELINED = "pipelined"  # the next envelope right behind a letter, where the relay offers it (RFC 2920)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """The SMTP server that takes our mail; `idempotency_header` names the field by which it does so once."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    max_per_second: float | None = None
    max_per_hour: int | None = None
    max_per_day: int | None = None
    connections: int = 4
    transport: Transport = Transport.STANDARD
    ca_file: Path | None = None
    idempotency_header: str | None = None

    @property
    def at_once(self) -> int:
        """How many letters can be on their way: pipelined, one is in hand while another is unanswered."""
        return self.connections * (2 if self.transport is Transport.PIPELINED else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A private key in PEM form, and the name under which its public half stands in the DNS."""

    selector: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSettings:
    """How messages are signed: with one key, RSA or Ed25519; or with RSA and, beside it, `ed25519`."""

    selector: str
    domain: str
    key: str = field(repr=False)
    ed25519: DkimKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """A folder on an IMAP server; the conversation with it is always protected."""

    host: str
    port: int
    tls: Tls = Tls.IMPLICIT
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncesSettings:
    """The address to which mail comes back, and the mailbox for it.

    What comes back goes to the address with a token behind a plus. Without a `mailbox`, messages are
    given to the command one by one.
    """

    address: str
    mailbox: Path | ImapSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticSettings:
    """The model that says what words mean: the folder that holds it, or its name."""

    model: Path | str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the service listens, and by which `hosts` beside that of `public_url` it is asked for pages.

    Whoever asks for metrics shows `metrics_token`, or is on this machine. With `archive`, it shows the papers
    of each day to everybody. What `trusted_proxies` say of for whom they ask is believed.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    archive: bool = False
    hosts: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    trusted_proxies: tuple[str, ...] = ()


NEWCOMER = Subscriber(address="", timezone=ZoneInfo("UTC"), deliver_at=time(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a config says.

    `store` is an SQLAlchemy URL. Without a `relay`, mails are written to `outbox`; without `semantic`,
    papers are ranked by words alone; without `bounces`, mail comes back to the sender. `catch_up` is how
    late a digest may still go out after its hour, and `latest` how long it waits for sources. `templates`
    is a folder whose files are taken in place of the built-in ones of the same name. The `operator` is told
    of alarms by mail. `newcomer` is how those read who subscribe by themselves, where they do not say
    otherwise.
    """

    sender: Mailbox
    sources: tuple[SourceSettings, ...]
    subscribers: tuple[Subscriber, ...]
    store: str = field(repr=False)
    outbox: Path
    relay: RelaySettings | None = None
    dkim: DkimSettings | None = None
    public_url: str | None = None
    open_subscription: bool = False
    postal_address: str | None = None
    on_unknown: OnUnknown = OnUnknown.RESEND
    templates: Path | None = None
    catch_up: timedelta = timedelta(hours=12)
    latest: timedelta = timedelta(minutes=90)
    web: WebSettings = field(default_factory=WebSettings)
    semantic: SemanticSettings | None = None
    bounces: BouncesSettings | None = None
    newcomer: Subscriber = NEWCOMER
    operator: Mailbox | None = None
