"""A real IMAP server, Dovecot, on loopback with a config and a mailbox of its own."""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.authority import Authority

PASSWORD = "correct-horse-battery-stäple"  # noqa: S105 - nobody's


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody's mailbox on the server: a Maildir, as mail servers fill it."""

    username: str
    maildir: Path

    def deliver(self, name: str, message: bytes) -> None:
        """Put a message into the mailbox."""
        waiting = self.maildir / "tmp" / name
        waiting.write_bytes(message)
        shutil.chown(waiting, *_mail_owner())
        waiting.rename(self.maildir / "new" / name)

    def flags(self) -> dict[str, str]:
        """Return the flags of each message in the mailbox, by the name under which it was delivered."""
        return maildir_flags(self.maildir)


@dataclass(frozen=True, kw_only=True)
class Dovecot:
    """Where it listens, and the folder of its accounts: whoever logs in has one."""

    imaps: int
    imap: int
    accounts: Path

    def account(self) -> Account:
        """Return a new account; its mailbox is empty."""
        username = f"reader{len(list(self.accounts.iterdir()))}"
        account = Account(username=username, maildir=self.accounts / username)
        for folder in ("", "new", "cur", "tmp"):
            (account.maildir / folder).mkdir(mode=0o700)
            shutil.chown(account.maildir / folder, *_mail_owner())
        return account


def maildir_flags(maildir: Path) -> dict[str, str]:
    """Return the flags of each message in a Maildir, by the name under which it was delivered."""
    paths = [path for folder in ("new", "cur") for path in (maildir / folder).iterdir()]
    return {path.name.partition(":")[0].partition(",")[0]: path.name.partition(":2,")[2] for path in paths}


@contextmanager
def dovecot(authority: Authority) -> Iterator[Dovecot]:
    """Run the server."""
    # Not below the folder of the tests, which nobody but their user may enter.
    with tempfile.TemporaryDirectory(prefix="paperround-dovecot-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        server = Dovecot(imaps=_free_port(), imap=_free_port(), accounts=folder / "mail")
        server.accounts.mkdir(mode=0o755)
        config = folder / "dovecot.conf"
        config.write_text(_config(server, folder, authority), encoding="utf-8")
        process = subprocess.Popen(["dovecot", "-F", "-c", config], stderr=subprocess.PIPE)
        try:
            _wait(process, server.imaps, folder / "log")
            yield server
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _config(server: Dovecot, folder: Path, authority: Authority) -> str:
    mail_user, mail_group = _mail_owner()
    as_root = os.geteuid() == 0
    user = getpass.getuser()
    users = (
        ""
        if as_root
        else f"default_internal_user = {user}\ndefault_login_user = {user}\n"
        f"default_internal_group = {grp.getgrgid(os.getegid()).gr_name}\n"
    )
    return f"""\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
{users}ssl = required
ssl_cert = <{authority.chain}
ssl_key = <{authority.chain}
mail_location = maildir:{server.accounts}/%u
first_valid_uid = 1
first_valid_gid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {server.imap}
  }}
  inet_listener imaps {{
    port = {server.imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={server.accounts}/%u
}}
"""


def _mail_owner() -> tuple[str, str]:
    """Return as whom mail is kept: Dovecot serves root no mail."""
    if os.geteuid() != 0:
        return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
    return "nobody", grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = process.stderr.read().decode() if process.stderr and process.poll() is not None else ""
    kept = log.read_text(encoding="utf-8") if log.exists() else ""
    raise RuntimeError(f"dovecot does not start: {said}{kept}")
