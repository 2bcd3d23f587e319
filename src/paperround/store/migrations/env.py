"""What Alembic runs around the migrations: on the connection that it was given, in its transaction."""

from alembic import context

from paperround.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
