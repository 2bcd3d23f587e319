"""The command line: what a person types, and what they are told."""

from paperround.cli import answers, demo, preferences, preview, rounds, setup, what_if
from paperround.cli.frame import app, main

__all__ = ["answers", "app", "demo", "main", "preferences", "preview", "rounds", "setup", "what_if"]
