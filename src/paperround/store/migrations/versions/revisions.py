"""Later versions of papers, which of them a reader had, and what crowded out a title line."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table and the columns; what was sent before has no version and says nothing of its place."""
    op.create_table(
        "revisions",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("paper", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "paper", "version", name="pk_revisions"),
        sa.ForeignKeyConstraint(["paper"], ["papers.id"], name="fk_revisions_paper"),
        sa.ForeignKeyConstraint(
            ["source", "day"], ["batches.source", "batches.day"], name="fk_revisions_source_day"
        ),
    )
    op.create_index("ix_revisions_day", "revisions", ["day"])
    op.add_column("picks", sa.Column("version", sa.Integer))
    op.add_column("picks", sa.Column("hindrance", sa.JSON))
    op.drop_index("ix_picks_delivery_paper", "picks")
    op.create_index("ix_picks_delivery_paper_version", "picks", ["delivery", "paper", "version"])
