"""More that readers choose for themselves: the hour, how many papers, and what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; nobody has chosen any of it."""
    op.add_column("preferences", sa.Column("deliver_at", sa.String))
    op.add_column("preferences", sa.Column("timezone", sa.String))
    op.add_column("preferences", sa.Column("max_papers", sa.Integer))
    op.add_column("preferences", sa.Column("topics", sa.JSON))
