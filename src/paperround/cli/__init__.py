"""The command line: what a person types, and what they are told."""

# In this order the commands stand in the help.
from paperround.cli import demo, setup, rounds, answers  # isort: skip
from paperround.cli.frame import app, main

__all__ = ["answers", "app", "demo", "main", "rounds", "setup"]
