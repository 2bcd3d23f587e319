"""What texts mean to a model, and a remark on how a digest was ranked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the column; the way back is a backup."""
    op.create_table(
        "vectors",
        sa.Column("model", sa.String, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("model", "text", name="pk_vectors"),
    )
    op.add_column("deliveries", sa.Column("remark", sa.Text, nullable=False, server_default=""))
