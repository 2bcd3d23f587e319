"""bounces: what came back, and what it changes."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from paperround.app import inbox_of, utc_now
from paperround.cli import frame
from paperround.cli.frame import (
    DEFAULT_CONFIG,
    FAILED,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    app,
)
from paperround.mailboxes.handed import Handed
from paperround.ports import Bounce, Complaint, Effect, Inbox, InboxUnusable, Irrelevant, StoreError
from paperround.returning import Account, clear, rehearse
from paperround.settings import Settings
from paperround.store import open_store

LARGEST_FILE = 100_000_000  # bytes


@app.command()
def bounces(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE|-]", help="A message or an mbox; - is standard input.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    form: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Deal with mail that came back, with complaints and wishes to leave: in the mailbox, or in a file."""
    settings = frame.settings_of(config)
    accounts: list[Account] = []
    trouble = ""
    try:
        accounts.extend(_accounts(settings, file, dry_run=dry_run))
    except (InboxUnusable, StoreError) as error:
        trouble = str(error)
    if frame.wants_json(form, json_flag=json):
        frame.answer([_entry(each) for each in accounts])
    else:
        _tell(accounts, dry_run=dry_run)
    if trouble:
        frame.say(f"paperround: {trouble}")
        raise typer.Exit(FAILED)


def _accounts(settings: Settings, file: Path | None, *, dry_run: bool) -> Iterator[Account]:
    work = rehearse if dry_run else clear
    with closing(_inbox(settings, file)) as inbox, closing(open_store(settings.store)) as store:
        yield from work(inbox, store.returns, secret=store.ledger.secret(), now=utc_now)


def _inbox(settings: Settings, file: Path | None) -> Inbox:
    if file is not None:
        return Handed(_contents(file))
    open_inbox = inbox_of(settings)
    if open_inbox is None:
        frame.wrong_call(
            "there is no mailbox to look at; set bounces.maildir or bounces.imap, or name a file"
        )
    return open_inbox()


def _contents(file: Path) -> bytes:
    if str(file) == "-":
        contents = sys.stdin.buffer.read(LARGEST_FILE + 1)
    else:
        with file.open("rb") as opened:
            contents = opened.read(LARGEST_FILE + 1)
    if len(contents) > LARGEST_FILE:
        frame.wrong_call(f"{file}: larger than {LARGEST_FILE // 1_000_000} MB; split it")
    return contents


def _tell(accounts: Sequence[Account], *, dry_run: bool) -> None:
    for account in accounts:
        frame.tell(_sentence(account), hanging=2)
    if not accounts:
        frame.tell("Nothing came back.")
    elif dry_run:
        frame.tell("Nothing was changed.")


def _sentence(account: Account) -> str:
    finding, consequence = account.finding, account.consequence
    if isinstance(finding, Irrelevant) or consequence is None:
        reason = finding.reason if isinstance(finding, Irrelevant) else ""
        return f"{account.name}: not for us: {reason}"
    whose = f" of delivery {delivery}" if (delivery := _delivery(account)) else ""
    who = f", {consequence.subscriber}" if consequence.subscriber else ""
    return f"{account.name}: {_kind(account)}{whose}{who}: {_WORDS[consequence.effect]}: {consequence.reason}"


_WORDS = {
    Effect.SUPPRESSED: "gets nothing any more",
    Effect.COUNTED: "counted",
    Effect.OURS: "ours to mend, and not held against the reader",
    Effect.NOTED: "noted, of who gets nothing already",
    Effect.REPEATED: "was read before",
    Effect.FOREIGN: "changes nothing",
}


def _entry(account: Account) -> dict[str, object]:
    finding, consequence = account.finding, account.consequence
    reason = finding.reason if isinstance(finding, Irrelevant) else consequence.reason if consequence else ""
    return {
        "message": account.name,
        "kind": _kind(account),
        "delivery": _delivery(account),
        "subscriber": consequence.subscriber if consequence else None,
        "effect": consequence.effect.value if consequence else None,
        "failed": consequence is not None and consequence.fails,
        "reason": reason,
    }


def _kind(account: Account) -> str:
    return "nothing" if isinstance(account.finding, Irrelevant) else type(account.finding).__name__.lower()


def _delivery(account: Account) -> int | None:
    return account.finding.delivery if isinstance(account.finding, Bounce | Complaint) else None
