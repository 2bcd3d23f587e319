"""The small web part: leaving the list, and whether the service is well."""

from paperround.web.app import Health, Suppressions, create_app
from paperround.web.server import Server

__all__ = ["Health", "Server", "Suppressions", "create_app"]
