"""The first tables: papers and batches, subscribers and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the way back is a backup."""
    _papers()
    _batches()
    _subscribers()
    _deliveries()
    _picks()
    op.create_table(
        "settings",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )


def _papers() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("published", sa.Date, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("organization", sa.Text),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("keywords", sa.JSON, nullable=False),
        sa.Column("votes", sa.BigInteger),
        sa.Column("pdf_url", sa.Text),
        sa.Column("code_url", sa.Text),
        sa.Column("project_url", sa.Text),
        sa.Column("image_url", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_papers"),
    )


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("state", sa.String(7), nullable=False),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name="pk_batches"),
        sa.CheckConstraint(
            "state IN ('fresh', 'quiet', 'stale', 'partial', 'failed')", name=op.f("ck_batches_state")
        ),
    )
    op.create_index("ix_batches_day", "batches", ["day"])
    op.create_table(
        "listings",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("paper", sa.String, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "day", "paper", name="pk_listings"),
        sa.ForeignKeyConstraint(["paper"], ["papers.id"], name="fk_listings_paper"),
        sa.ForeignKeyConstraint(
            ["source", "day"], ["batches.source", "batches.day"], name="fk_listings_source_day"
        ),
    )
    op.create_index("ix_listings_day", "listings", ["day"])


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("folded", sa.String, nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("folded", name="uq_subscribers_folded"),
    )
    op.create_table(
        "suppressions",
        sa.Column("subscriber", NUMBER, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name="pk_suppressions"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_suppressions_subscriber"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subscriber", NUMBER, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("message_id", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unknowns", sa.Integer, nullable=False),
        sa.Column("data_begun_at", MOMENT),
        sa.Column("next_at", MOMENT),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("batches", sa.JSON, nullable=False),
        sa.Column("considered", sa.Integer, nullable=False),
        sa.Column("rejected", sa.JSON, nullable=False),
        sa.Column("message", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], name="fk_deliveries_subscriber"),
        sa.UniqueConstraint("subscriber", "day", name="uq_deliveries_subscriber_day"),
        sa.UniqueConstraint("message_id", name="uq_deliveries_message_id"),
        sa.CheckConstraint(
            "status IN ('planned', 'sending', 'sent', 'deferred', 'failed', 'unknown', "
            "'suppressed', 'quiet')",
            name=op.f("ck_deliveries_status"),
        ),
        sa.CheckConstraint(
            "(status IN ('planned', 'sending', 'deferred', 'unknown')) = (message IS NOT NULL)",
            name=op.f("ck_deliveries_message"),
        ),
        sa.CheckConstraint(
            "message IS NULL OR message_id IS NOT NULL", name=op.f("ck_deliveries_message_id")
        ),
        sa.CheckConstraint(
            "(status = 'deferred') = (next_at IS NOT NULL)", name=op.f("ck_deliveries_next_at")
        ),
    )
    op.create_index("ix_deliveries_day_subscriber", "deliveries", ["day", "subscriber"])
    op.create_index("ix_deliveries_status_next_at_id_day", "deliveries", ["status", "next_at", "id", "day"])


def _picks() -> None:
    op.create_table(
        "picks",
        sa.Column("delivery", NUMBER, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("paper", sa.String, nullable=False),
        sa.Column("section", sa.String, nullable=False),
        sa.Column("relevance", sa.Float, nullable=False),
        sa.Column("announced", sa.Date, nullable=False),
        sa.Column("matched", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("delivery", "position", name="pk_picks"),
        sa.ForeignKeyConstraint(
            ["delivery"], ["deliveries.id"], name="fk_picks_delivery", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_picks_delivery_paper", "picks", ["delivery", "paper"])
