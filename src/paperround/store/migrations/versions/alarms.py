"""What somebody should look at, from when to when, and whether they were told."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

CONDITIONS = (
    "source_silent",
    "volume_unusual",
    "deliveries_failing",
    "relay_unusable",
    "outcomes_unknown",
    "round_incomplete",
    "certificate_ending",
    "key_unverifiable",
    "disk_low",
)


def upgrade() -> None:
    """Make the table; no alarm has been raised."""
    condition = sa.Enum(*CONDITIONS, name="condition", native_enum=False, create_constraint=True)
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("condition", condition, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    stands = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_alarms_standing",
        "alarms",
        ["condition", "subject"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
