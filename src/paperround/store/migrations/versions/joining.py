"""Who asks for the papers, and who joined by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; nobody has asked."""
    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("folded", sa.String, nullable=False),
        *_wish(),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_folded", "requests", ["folded"])
    op.create_table(
        "askings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("address", sa.LargeBinary),
        sa.Column("network", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_askings"),
    )
    op.create_index("ix_askings_asked_at", "askings", ["asked_at"])
    op.create_table(
        "members",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subscriber", NUMBER, nullable=False),
        *_wish(),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("network", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_members_subscriber"),
        sa.UniqueConstraint("subscriber", name="uq_members_subscriber"),
        sqlite_autoincrement=True,
    )


def _wish() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("keywords", sa.JSON, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("timezone", sa.String),
        sa.Column("deliver_at", sa.Time),
    )
