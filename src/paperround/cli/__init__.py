"""The command line: what a person types, and what they are told."""

from paperround.cli import (
    bounces,
    demo,
    ledger,
    preferences,
    preview,
    rounds,
    setup,
    subscribers,
    what_if,
    why,
)
from paperround.cli.frame import app, main

__all__ = [
    "app",
    "bounces",
    "demo",
    "ledger",
    "main",
    "preferences",
    "preview",
    "rounds",
    "setup",
    "subscribers",
    "what_if",
    "why",
]
