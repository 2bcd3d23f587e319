"""What came back."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EFFECTS = sa.Enum(
    "suppressed",
    "counted",
    "ours",
    "noted",
    "repeated",
    "foreign",
    "too_early",
    name="effect",
    native_enum=False,
    create_constraint=True,
)


def upgrade() -> None:
    """Make the table; nothing came back."""
    op.create_table(
        "returns",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("subscriber", NUMBER, nullable=False),
        sa.Column("delivery", NUMBER),
        sa.Column("effect", EFFECTS, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_returns"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_returns_subscriber"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_returns_delivery"),
    )
    # The foreign key looks here when a delivery is taken out.
    op.create_index("ix_returns_delivery", "returns", ["delivery"])
    op.create_index("ix_returns_subscriber", "returns", ["subscriber"])
    op.create_index("ix_returns_read_at", "returns", ["read_at"])
