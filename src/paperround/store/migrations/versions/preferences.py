"""What readers choose for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CADENCES = sa.Enum("daily", "weekly", name="cadence", native_enum=False, create_constraint=True)


def upgrade() -> None:
    """Make the table; nobody has chosen anything."""
    op.create_table(
        "preferences",
        sa.Column("subscriber", NUMBER, nullable=False, autoincrement=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("paused_until", sa.Date),
        sa.Column("cadence", CADENCES),
        sa.Column("days", sa.JSON),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name="pk_preferences"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_preferences_subscriber"),
        sa.CheckConstraint("paused OR paused_until IS NULL", name="paused_until"),
        sa.CheckConstraint("(cadence IS NULL) = (days IS NULL)", name="days"),
    )
