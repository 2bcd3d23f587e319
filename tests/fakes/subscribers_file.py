"""A config whose subscribers are those of a text."""

from pathlib import Path

from paperround.config import Loaded, subscriptions
from paperround.config.fitting import Findings, Sheet
from paperround.config.yaml_lines import parse
from paperround.settings import Mailbox, Settings


def loaded(text: str) -> Loaded:
    """Return the config with these subscribers, in whom nothing is wrong."""
    findings = Findings()
    sheet = Sheet(parse(text.encode(), Path("subscribers.yaml")), findings)
    subscribers = subscriptions.read(sheet, sender=None)
    assert findings.problems == [], (findings.problems, text)
    settings = Settings(
        sender=Mailbox(name="", address="papers@example.org"),
        sources=(),
        subscribers=subscribers,
        store="sqlite:///store.db",
        outbox=Path("outbox"),
    )
    return Loaded(settings=settings, readers=sheet.document)
