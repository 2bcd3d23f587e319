"""Who has a delivery in hand, what a relay takes, which rounds do not balance, and causes of silence."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CAUSES = sa.Enum(
    "unsubscribed", "complained", "bounced", name="cause", native_enum=False, create_constraint=True
)


def upgrade() -> None:
    """Add what is new; whoever was suppressed until now had unsubscribed."""
    op.add_column("deliveries", sa.Column("worker", sa.String))
    op.create_table(
        "workers",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "relays",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("next_turn", MOMENT),
        sa.Column("paused_until", MOMENT),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("pauses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_relays"),
    )
    op.create_table(
        "handovers",
        sa.Column("relay", sa.String, nullable=False),
        sa.Column("minute", MOMENT, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("relay", "minute", name="pk_handovers"),
    )
    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
    )
    _suppressions()


def _suppressions() -> None:
    # SQLite adds no column with a check to a table that is there, and elsewhere a table that was only
    # renamed keeps the names of its constraints for itself.
    op.execute("CREATE TABLE earlier AS SELECT subscriber, reason, since FROM suppressions")
    op.drop_table("suppressions")
    op.create_table(
        "suppressions",
        sa.Column("subscriber", NUMBER, autoincrement=False, nullable=False),
        sa.Column("cause", CAUSES, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name="pk_suppressions"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_suppressions_subscriber"),
    )
    op.execute(
        "INSERT INTO suppressions (subscriber, cause, reason, since) "
        "SELECT subscriber, 'unsubscribed', reason, since FROM earlier"
    )
    op.drop_table("earlier")
