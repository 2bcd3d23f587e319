"""What `bounces` may say: the address to which mail comes back, and the mailbox for it."""

from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from paperround.config.files import existing
from paperround.config.fitting import Sheet
from paperround.config.forms import Address, Form, Host, PathText, Port, printable
from paperround.config.problems import Wrong, quoted
from paperround.settings import BouncesSettings, ImapSettings, Tls

PASSWORD = "PAPERROUND_BOUNCES_PASSWORD"  # noqa: S105 - the name of a variable
PORTS = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143}
LONGEST_LOCAL = 24  # with a plus and a token it is no longer than RFC 5321, 4.5.3.1 allows


def _short(address: str) -> str:
    local = address.rpartition("@")[0]
    if len(local) > LONGEST_LOCAL:
        raise Wrong(
            f"{quoted(local)} is too long to have a token behind it",
            f"take an address with at most {LONGEST_LOCAL} characters before the @",
        )
    return address


def _ascii(text: str) -> str:
    if not text.isascii():
        raise Wrong(
            "a folder's name with letters beyond ASCII is not understood", "write it as the server does"
        )
    return printable(text)


class ImapForm(Form):
    """A folder on an IMAP server. The password: PAPERROUND_BOUNCES_PASSWORD."""

    model_config = ConfigDict(title="IMAP")
    secrets = MappingProxyType({"password": PASSWORD})

    host: Host
    """The server's name or IP address."""
    port: Port | None = None
    """993 with implicit, 143 with starttls, if left out."""
    # Nobody reads a mailbox without logging in, and no password travels without TLS: there is no `none`.
    tls: Literal["implicit", "starttls"] = "implicit"
    """How the conversation is protected."""
    username: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
    """Who to log in as."""
    folder: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_ascii)] = "INBOX"
    """The folder to which mail comes back; nothing else should be in it."""
    ca_file: PathText | None = None
    """Certificates (PEM) to trust in place of the system's; relative to this file."""


class BouncesForm(Form):
    """The address to which mail comes back, and the mailbox in which it arrives."""

    model_config = ConfigDict(title="Bounces")

    address: Annotated[Address, AfterValidator(_short)]
    """What comes back goes to this address with a token behind a plus: bounces+TOKEN@example.org."""
    maildir: PathText | None = None
    """The Maildir in which it arrives, on this machine; relative to this file."""
    imap: ImapForm | None = None
    """The folder of an IMAP server in which it arrives."""


def read(
    sheet: Sheet, form: BouncesForm | None, *, folder: Path, password: str | None
) -> BouncesSettings | None:
    """Return what the form stands for, after noting what is wrong with it."""
    imap = form.imap if form else None
    if password and imap is None and sheet.document.at(("bounces", "imap")) is None:
        sheet.warn(
            (), f"{PASSWORD} is set, and there is no mailbox to use it", "add bounces.imap, or unset it"
        )
    if form is None:
        return None
    if form.maildir is not None and imap is not None:
        sheet.problem(("bounces", "imap"), "there is a maildir too", "keep one of the two")
    return BouncesSettings(
        address=form.address,
        mailbox=_imap(sheet, imap, folder, password) if imap else _maildir(sheet, form.maildir, folder),
    )


def _maildir(sheet: Sheet, written: str | None, folder: Path) -> Path | None:
    # A mail server makes it with the first message.
    return existing(sheet, ("bounces", "maildir"), folder, written, directory=True, may_come=True)


def _imap(sheet: Sheet, form: ImapForm, folder: Path, password: str | None) -> ImapSettings | None:
    here = ("bounces", "imap")
    ca_file = existing(sheet, (*here, "ca_file"), folder, form.ca_file)
    tls = Tls(form.tls)
    port = form.port or PORTS[tls]
    if tls is Tls.STARTTLS and port == PORTS[Tls.IMPLICIT]:
        sheet.warn((*here, "port"), "port 993 usually speaks TLS at once", "write tls: implicit")
    if not password:
        mend = f"set {PASSWORD}, or {PASSWORD}_FILE"
        sheet.problem((*here, "username"), "there is no password for it", mend)
        return None
    return ImapSettings(
        host=form.host,
        port=port,
        tls=tls,
        username=form.username,
        password=password,
        folder=form.folder,
        ca_file=ca_file,
    )
