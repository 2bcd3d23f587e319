"""Files and environment in, one frozen and checked value out."""

from paperround.config.loading import Loaded, load, load_web
from paperround.config.problems import ConfigError, Problem

__all__ = ["ConfigError", "Loaded", "Problem", "load", "load_web"]
