"""What `paperround.yaml` may say, and the settings it stands for."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import ConfigDict, Field

from paperround.config import bounces, signing
from paperround.config.bounces import BouncesForm
from paperround.config.environment import Variables
from paperround.config.files import existing
from paperround.config.fitting import Sheet
from paperround.config.forms import (
    Form,
    Host,
    Network,
    OwnHeader,
    PathText,
    Port,
    PublicUrl,
    Sender,
    SourceCategory,
    Span,
    Store,
    Text,
    Url,
    Wait,
    is_loopback,
    without_nulls,
)
from paperround.config.problems import KeyPath, did_you_mean, quoted
from paperround.config.signing import DkimForm
from paperround.ports import OnUnknown
from paperround.settings import (
    ArxivSettings,
    FeedSettings,
    FileSettings,
    HuggingFaceSettings,
    RelaySettings,
    SemanticSettings,
    Settings,
    SourceSettings,
    Tls,
    Transport,
    WebSettings,
)

_MODEL_NAME = r"[A-Za-z0-9][\w.-]{0,95}(/[\w.-]{1,96})?"  # with its owner or without

MOST_HOSTS = 50

PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}


class HuggingFaceForm(Form):
    """Hugging Face Daily Papers."""

    model_config = ConfigDict(title="Hugging Face Daily Papers")

    kind: Literal["huggingface"]
    name: Text = "Hugging Face"
    """What readers see; unique among the sources."""
    base_url: Url = "https://huggingface.co"
    """A mirror or a stand-in."""

    def settings(self, _: Path) -> SourceSettings:
        """Return the source that this stands for."""
        return HuggingFaceSettings(name=self.name, base_url=self.base_url)


class ArxivForm(Form):
    """arXiv's daily announcements of some categories."""

    model_config = ConfigDict(title="arXiv")

    kind: Literal["arxiv"]
    categories: Annotated[list[SourceCategory], Field(min_length=1)]
    """Categories such as cs.CL, or whole archives such as cs."""
    name: Text = "arXiv"
    """What readers see; unique among the sources."""
    base_url: Url = "https://rss.arxiv.org"
    """A mirror or a stand-in."""

    def settings(self, _: Path) -> SourceSettings:
        """Return the source that this stands for."""
        categories = tuple(dict.fromkeys(self.categories))
        return ArxivSettings(name=self.name, base_url=self.base_url, categories=categories)


class FeedForm(Form):
    """An RSS or Atom feed: a blog, a lab, a journal."""

    model_config = ConfigDict(title="RSS or Atom feed")

    kind: Literal["feed"]
    name: Text
    """What readers see; unique among the sources."""
    url: Url
    """Where the feed is, http or https."""

    def settings(self, _: Path) -> SourceSettings:
        """Return the source that this stands for."""
        return FeedSettings(name=self.name, url=self.url)


class FileForm(Form):
    """Papers in a file of yours, one JSON object a line."""

    model_config = ConfigDict(title="JSON lines file")

    kind: Literal["file"]
    path: PathText
    """JSON lines with id, title, abstract, authors, url, published; relative to this file."""
    name: Text | None = None
    """What readers see; unique among the sources. The file's name without its ending, if left out."""

    def settings(self, folder: Path) -> SourceSettings:
        """Return the source that this stands for."""
        return FileSettings(name=self.name or Path(self.path).stem, path=folder / self.path)


SourceForm = HuggingFaceForm | ArxivForm | FeedForm | FileForm
SOURCES: dict[str, type[SourceForm]] = {
    "huggingface": HuggingFaceForm,
    "arxiv": ArxivForm,
    "feed": FeedForm,
    "file": FileForm,
}


class RelayForm(Form):
    """The SMTP server that takes the mails. The password: PAPERROUND_RELAY_PASSWORD."""

    model_config = ConfigDict(title="Relay")
    secrets = MappingProxyType({"password": "PAPERROUND_RELAY_PASSWORD"})

    host: Host
    """The server's name or IP address."""
    port: Port | None = None
    """587 with starttls, 465 with implicit, 25 with none, if left out."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """How the conversation is protected; none is for a relay on this machine."""
    username: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Who to log in as."""
    max_per_second: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] | None = None
    """How many mails the relay takes in a second, at most."""
    max_per_hour: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """How many mails it takes within an hour, at most; counted across restarts."""
    max_per_day: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """How many mails it takes within 24 hours, at most; counted across restarts."""
    connections: Annotated[int, Field(ge=1, le=100)] = 4
    """How many conversations are held at once."""
    transport: Literal["standard", "pipelined"] = "standard"
    """pipelined does not wait for one mail's answer before it sends the next, where the relay offers that."""
    ca_file: PathText | None = None
    """Certificates (PEM) to trust in place of the system's; relative to this file."""
    idempotency_header: OwnHeader | None = None
    """A header field by which the relay takes a mail only once, such as Idempotency-Key."""


class SemanticForm(Form):
    """A model that finds papers which mean what a keyword means. Needs the extra paperround[semantic]."""

    model_config = ConfigDict(title="Semantic")

    model: PathText
    """The folder of a sentence-transformers model, relative to this file; or a name, downloaded once."""


class WebForm(Form):
    """Where the service listens for unsubscribing, preferences, health and metrics."""

    model_config = ConfigDict(title="Web")
    secrets = MappingProxyType({"metrics_token": "PAPERROUND_METRICS_TOKEN"})

    host: Host = "127.0.0.1"
    """0.0.0.0 or :: for every interface, as in a container."""
    port: Port = 8080
    trusted_proxies: Annotated[list[Network], Field(max_length=100)] = Field(default=[])
    """Proxies, by address or network, that say truly for whom they ask (X-Forwarded-For)."""
    archive: bool = False
    """Whether everybody who reaches the service may read and search the papers of each day there."""
    hosts: list[Host] = Field(default_factory=list, max_length=MOST_HOSTS)
    """Names by which readers ask for pages, beside that of public_url and those of this machine."""


def _says_what_is_required(schema: dict[str, Any]) -> None:
    schema["required"] = ["from", "sources"]
    without_nulls(schema)


class InstallationForm(Form):
    """How paperround runs: where papers come from, and how the mails leave."""

    model_config = ConfigDict(title="paperround.yaml", json_schema_extra=_says_what_is_required)

    sender: Annotated[Sender | None, Field(alias="from")] = None
    """Who the mails are from: Name <address>."""
    sources: Annotated[list[SourceForm] | None, Field(min_length=1)] = None
    """Where papers come from."""
    relay: RelayForm | None = None
    """The SMTP server; without one, mails are written to the outbox as .eml files."""
    outbox: PathText = "var/outbox"
    """The folder for mails where there is no relay."""
    public_url: PublicUrl | None = None
    """Where readers reach the service: https. Needed for one-click unsubscribe and for pausing by oneself."""
    open_subscription: bool = False
    """Whether people can subscribe by themselves, on the page /subscribe; needs public_url."""
    postal_address: Text | None = None
    """The sender's address in the footer, which the law asks for in many places."""
    store: Store = "sqlite:///var/paperround.db"
    """A file (sqlite:///, three slashes for a path from where paperround is started), or postgresql://…."""
    dkim: DkimForm | None = None
    """How mails are signed; leave it out where the relay signs."""
    on_unknown: Literal["resend", "hold"] = "resend"
    """What to do where a crash or a lost reply hides whether a mail was taken: send again once, or ask."""
    catch_up: Annotated[Span, Field(json_schema_extra={"default": "12h"})] = timedelta(hours=12)
    """How late a digest may still go out after its hour: 30m, 12h, 2d at most."""
    latest: Annotated[Wait, Field(json_schema_extra={"default": "90m"})] = timedelta(minutes=90)
    """How long after its hour a digest waits for a source that has not announced yet; 0m: not at all."""
    templates: PathText | None = None
    """A folder whose templates replace the built-in ones of the same name; relative to this file."""
    web: WebForm = Field(default_factory=WebForm)
    """Where the service listens."""
    semantic: SemanticForm | None = None
    """A model for meaning; without one, papers are ranked by words alone."""
    bounces: BouncesForm | None = None
    """Where mail comes back to; without it, that is the address of `from`, and nobody reads it for you."""
    operator: Sender | None = None
    """Who is told by mail of what goes wrong: Name <address>, or an address."""


def read(sheet: Sheet, *, folder: Path, variables: Variables) -> Settings | None:
    """Return the settings without subscribers, made of what fits, after noting what does not.

    None means that nobody is named as the sender.
    """
    form = sheet.fit_what_fits(InstallationForm, leaving=("sources",))
    if not isinstance(sheet.document.value, dict):
        return None
    sources = tuple(_sources(sheet, folder))
    relay = _relay(sheet, form, folder, variables)
    dkim = signing.read(sheet, form.dkim, sender=form.sender, variables=variables)
    public_url = variables.public_url or form.public_url
    if form.open_subscription:
        _check_open_subscription(sheet, form, public_url)
    templates = existing(sheet, ("templates",), folder, form.templates, directory=True)
    if form.sender is None:
        if sheet.document.at(("from",)) is None:
            mend = "write who the mails are from, like Paper Round <papers@example.org>"
            sheet.problem(("from",), "missing", mend)
        return None
    return Settings(
        sender=form.sender,
        sources=sources,
        subscribers=(),
        store=_store(variables.store or form.store, variables.store_password),
        outbox=Path(form.outbox),
        relay=relay,
        dkim=dkim,
        public_url=public_url,
        open_subscription=form.open_subscription,
        postal_address=form.postal_address,
        on_unknown=OnUnknown(form.on_unknown),
        templates=templates,
        catch_up=form.catch_up,
        latest=form.latest,
        web=WebSettings(
            host=variables.web_host or form.web.host,
            port=variables.web_port or form.web.port,
            archive=form.web.archive,
            hosts=tuple(form.web.hosts),
            metrics_token=variables.metrics_token,
            trusted_proxies=tuple(form.web.trusted_proxies),
        ),
        semantic=_semantic(sheet, form, folder),
        bounces=bounces.read(sheet, form.bounces, folder=folder, password=variables.bounces_password),
        operator=form.operator,
    )


def _check_open_subscription(sheet: Sheet, form: InstallationForm, public_url: str | None) -> None:
    here: KeyPath = ("open_subscription",)
    if public_url is None:
        nowhere = "whoever subscribes confirms it on a page, and nothing says where that is"
        sheet.problem(here, nowhere, "add public_url: https://…, or write open_subscription: false")
    elif public_url.startswith("https://") and not form.web.trusted_proxies:
        alike = "behind a proxy everybody looks alike, and the limits for one network hold for all together"
        sheet.warn(here, alike, "name the proxy's address under web.trusted_proxies")
    if form.postal_address is None:
        unsaid = "mail to strangers should say where its sender is; the law asks for it in many places"
        sheet.warn(here, unsaid, "add postal_address")


def _store(url: str, password: str | None) -> str:
    """Return the URL of the store, with the password of a server's."""
    parts = urlsplit(url)
    if password is None or parts.scheme == "sqlite" or parts.password is not None:
        return url
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}{at or '@'}{host}"))


def _sources(sheet: Sheet, folder: Path) -> Iterator[SourceSettings]:
    here: KeyPath = ("sources",)
    paths = sheet.items(here)
    if sheet.mapping(()).get("sources") in (None, []):
        sheet.problem(here, "no source of papers is named", "write sources: [{kind: huggingface}]")
    named: dict[str, KeyPath] = {}
    for path in paths:
        form = _source(sheet, path)
        if form is None:
            continue
        settings = form.settings(folder)
        first = named.setdefault(settings.name.casefold(), path)
        if first is not path:
            line = sheet.document.line(first)
            again = f"the source on line {line} is called {quoted(settings.name)} too"
            sheet.problem((*path, "name"), again, "give each a `name` of its own")
        if isinstance(form, FileForm):
            existing(sheet, (*path, "path"), folder, form.path, may_come=True)
        yield settings


def _source(sheet: Sheet, path: KeyPath) -> SourceForm | None:
    kind = sheet.mapping(path).get("kind")
    form = SOURCES.get(kind) if isinstance(kind, str) else None
    if form is not None:
        return sheet.fit(form, path)
    kinds = f"write kind: with one of {', '.join(SOURCES)}"
    if isinstance(kind, str):
        unknown = f"{quoted(kind)} is no kind of source"
        sheet.problem((*path, "kind"), unknown, did_you_mean(kind, SOURCES, otherwise=kinds))
    else:
        sheet.problem(path, "the kind of this source is missing", kinds)
    return None


def _relay(sheet: Sheet, form: InstallationForm, folder: Path, variables: Variables) -> RelaySettings | None:
    relay = form.relay
    if relay is None:
        if variables.relay_password and sheet.document.at(("relay",)) is None:
            name = "PAPERROUND_RELAY_PASSWORD"
            sheet.warn((), f"{name} is set, and there is no relay to use it", "add relay:, or unset it")
        return None
    tls = Tls(relay.tls)
    port = relay.port or PORTS[tls]
    if tls is Tls.NONE and not is_loopback(relay.host):
        remote = "without TLS everybody on the way could read the mails"
        sheet.problem(("relay", "tls"), remote, "write tls: starttls; none is for a relay on this machine")
    if tls is Tls.NONE and relay.username:
        sheet.problem(("relay", "username"), "a password is never sent without TLS", "write tls: starttls")
    if tls is Tls.STARTTLS and port == PORTS[Tls.IMPLICIT]:
        sheet.warn(("relay", "port"), "port 465 usually speaks TLS at once", "write tls: implicit")
    if relay.username and not variables.relay_password:
        mend = "set PAPERROUND_RELAY_PASSWORD, or PAPERROUND_RELAY_PASSWORD_FILE"
        sheet.problem(("relay", "username"), "there is no password for it", mend)
    if variables.relay_password and not relay.username:
        mend = "add `username`, or unset PAPERROUND_RELAY_PASSWORD"
        sheet.warn(("relay",), "there is a password, and nobody to log in as", mend)
    return RelaySettings(
        host=relay.host,
        port=port,
        tls=tls,
        username=relay.username,
        password=variables.relay_password if relay.username else None,
        max_per_second=relay.max_per_second,
        max_per_hour=relay.max_per_hour,
        max_per_day=relay.max_per_day,
        connections=relay.connections,
        transport=Transport(relay.transport),
        ca_file=existing(sheet, ("relay", "ca_file"), folder, relay.ca_file),
        idempotency_header=relay.idempotency_header,
    )


def _semantic(sheet: Sheet, form: InstallationForm, folder: Path) -> SemanticSettings | None:
    if form.semantic is None:
        return None
    written = form.semantic.model
    if re.fullmatch(_MODEL_NAME, written) and not (folder / written).is_dir():
        return SemanticSettings(model=written)
    # Mails go out without it, too, ranked by words alone.
    existing(sheet, ("semantic", "model"), folder, written, directory=True, may_come=True)
    return SemanticSettings(model=folder / written)
