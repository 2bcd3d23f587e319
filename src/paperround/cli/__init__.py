"""The command line: what a person types, and what they are told."""

from paperround.cli import (
    alarms,
    backups,
    bounces,
    demo,
    editing,
    exporting,
    ledger,
    preferences,
    preview,
    rounds,
    setup,
    status,
    subscribers,
    what_if,
    why,
)
from paperround.cli.frame import app, main

__all__ = [
    "alarms",
    "app",
    "backups",
    "bounces",
    "demo",
    "editing",
    "exporting",
    "ledger",
    "main",
    "preferences",
    "preview",
    "rounds",
    "setup",
    "status",
    "subscribers",
    "what_if",
    "why",
]
