"""A folder in which somebody works on a mail: a config, templates of its own, and papers in a store."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from paperround import installed
from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId
from paperround.store import Store, open_store

MONDAY = date(2026, 6, 15)
TUESDAY = date(2026, 6, 16)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
CONFIG = """\
from: Paper Round <papers@example.org>
public_url: https://papers.example.org
postal_address: 1 Example Street, London
store: sqlite:///{folder}/store.db
templates: templates
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
"""
SUBSCRIBERS = """\
defaults: {timezone: Europe/London, days: daily}
subscribers:
  - {email: ada@example.org, keywords: [LoRA]}
  - {email: grace@example.org, keywords: [robots]}
  - {email: emmy@example.org, keywords: [LoRA], paused: true}
"""
FOOTER = "footer.mjml.j2"


@dataclass(frozen=True, slots=True)
class Studio:
    """The folder; it is that of the config as well."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        """Save a file of the config."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def write_template(self, name: str, text: str) -> None:
        """Save a template, to be taken in place of the built-in one of that name."""
        self.write(f"templates/{name}", text)

    def stock(self, day: date, *titles: str) -> None:
        """Put papers with these titles into the store, as announced on that day."""
        papers = tuple(
            Paper(
                id=PaperId(f"test:{day}-{number}"),
                title=title,
                url="https://example.org/paper",
                published=day,
                abstract="Long before this there was nothing like it. It is, at last, here for all to see.",
                authors=("Ann Other",),
            )
            for number, title in enumerate(titles)
        )
        batch = Batch(source="Ours", day=day, state=BatchState.FRESH, papers=papers, reason="", etag=None)
        with closing(self.store()) as store:
            store.library.record(batch, now=NOON)

    def store(self) -> Store:
        """Open the store."""
        return open_store(f"sqlite:///{self.folder}/store.db")


def studio(folder: Path) -> Studio:
    """Return a folder in which everything is in order, with papers of two days."""
    made = Studio(folder)
    (folder / "templates").mkdir()
    made.write("papers.jsonl", "")
    made.write("paperround.yaml", CONFIG.format(folder=folder))
    made.write("subscribers.yaml", SUBSCRIBERS)
    made.stock(MONDAY, "LoRA at rest", "LoRA in print")
    made.stock(TUESDAY, "LoRA at work", "Something else")
    return made


def footer_with(markup: str) -> str:
    """Return the built-in template of the footer with a line more at its end."""
    return (installed.templates() / FOOTER).read_text(encoding="utf-8") + f"\n{markup}\n"


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `paperround preview` on the config in a folder, until the block ends at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "paperround", "preview", *arguments, "--config", str(folder)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()


def address_of(process: "subprocess.Popen[str]") -> str:
    """Return where the page is served."""
    assert process.stdout is not None
    return process.stdout.readline().removeprefix("Preview: ").strip()
