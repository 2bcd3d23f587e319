"""A whole Postfix of our own: config, queue and mailboxes in one folder, on a port of this machine."""

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = relay.test
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
default_transport = error:no mail leaves this machine
transport_maps = texthash:{folder}/transport
virtual_mailbox_domains = papers.test, readers.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
virtual_minimum_uid = 1
recipient_delimiter = +
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}, permit_mynetworks, reject
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
maximal_queue_lifetime = 3s
bounce_queue_lifetime = 3s
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


def privilege() -> tuple[str, ...]:
    """Return what a command that needs root is begun with; skip the test where we may not be root."""
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0:
        return (sudo, "-n")
    if os.environ.get("CI"):
        pytest.fail("Postfix needs root, and sudo gives it to nobody without a password")
    pytest.skip("Postfix needs root")


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """One that runs: it takes mail at `port`, for its own mailboxes and for the hosts it was told of."""

    folder: Path
    port: int

    def mailbox(self, name: str) -> list[bytes]:
        """Return the messages in a mailbox, the oldest first."""
        files = (self.folder / "mail" / name / "new").glob("*")
        return [file.read_bytes() for file in sorted(files, key=lambda each: each.stat().st_mtime)]

    async def mailed(self, name: str, count: int = 1) -> list[bytes]:
        """Return the messages in a mailbox once there are as many, or fail with the log."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                while len(self.mailbox(name)) < count:  # noqa: ASYNC110 - a folder has no event to wait for
                    await asyncio.sleep(0.1)
        found = self.mailbox(name)
        assert len(found) == count, (self.folder / "maillog").read_text(encoding="utf-8")
        return found


@contextlib.asynccontextmanager
async def postfix(
    *, port: int, policy: int, mailboxes: Mapping[str, str], hosts: Mapping[str, int]
) -> AsyncIterator[Postfix]:
    """Run it: with mailboxes by address, other domains by the port of their server, and a policy service."""
    begin = privilege()
    with _folder(begin) as folder:
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        main = MAIN.format(folder=folder, policy=policy, user=owner.pw_uid, group=owner.pw_gid)
        _write(folder / "main.cf", main)
        _write(folder / "master.cf", MASTER.format(port=port))
        _write(folder / "mailboxes", "".join(f"{each} {name}/\n" for each, name in mailboxes.items()))
        _write(folder / "transport", "".join(f"{each} smtp:[127.0.0.1]:{at}\n" for each, at in hosts.items()))
        for name in ("queue", "data", "mail"):
            (folder / name).mkdir()
        await _run(*begin, "chown", "postfix", str(folder / "data"))
        await _run(*begin, "chown", str(owner.pw_uid), str(folder / "mail"))
        await _run(*begin, "postfix", "-c", str(folder), "start")
        try:
            yield Postfix(folder=folder, port=port)
        finally:
            await _run(*begin, "postfix", "-c", str(folder), "stop")


@contextlib.contextmanager
def _folder(begin: tuple[str, ...]) -> Iterator[Path]:
    # Postfix's own users pass through it, which they cannot in the folders that pytest makes.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        subprocess.run([*begin, "rm", "-rf", str(folder)], check=True)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, f"{' '.join(command)}: {out.decode()}"
