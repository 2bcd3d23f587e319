"""How the tables came to be what they are, step by step."""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from paperround.ports import StoreError
from paperround.store.engine import Database

# Alembic keeps the migration in progress in a global.
_one_at_a_time = Lock()


def migrate(database: Database) -> str:
    """Bring the tables up to date and return their revision.

    Raise StoreError where they are newer than this program, or nobody's we know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    newest = str(scripts.get_current_head())
    with database.reading() as connection:
        revision = revision_of(connection)
        if revision is None and inspect(connection).get_table_names():
            raise StoreError(f"{database.name}: another program's tables are in it; name a new one")
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"{database.name}: its tables (revision {revision}) are newer than this paperround knows "
            f"({newest}); install the version that made them, or put an older backup in its place"
        )
    if revision != newest:
        _upgrade(database, config)
    return newest


def _upgrade(database: Database, config: Config) -> None:
    database.prepare()
    # Whoever waited for this transaction finds nothing left to do inside it.
    with _one_at_a_time, database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables, or None where they are not ours or not there."""
    return MigrationContext.configure(connection).get_current_revision()
