"""The words of each paper, by which it is found."""

import sqlalchemy as sa
from alembic import op

from paperround.papers import Paper
from paperround.store.searching import written

revision = "0008"
down_revision = "0007"

AT_ONCE = 1000

PAPERS = sa.table(
    "papers",
    sa.column("id", sa.String),
    sa.column("title", sa.Text),
    sa.column("url", sa.Text),
    sa.column("published", sa.Date),
    sa.column("abstract", sa.Text),
    sa.column("authors", sa.JSON),
    sa.column("organization", sa.Text),
    sa.column("keywords", sa.JSON),
)


def upgrade() -> None:
    """Add the table, and the words of all papers that are known."""
    words = op.create_table(
        "words",
        sa.Column("paper", sa.String, nullable=False),
        sa.Column("stems", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("paper", name="pk_words"),
        sa.ForeignKeyConstraint(["paper"], ["papers.id"], name="fk_words_paper"),
    )
    connection = op.get_bind()
    for known in connection.execute(sa.select(PAPERS)).mappings().partitions(AT_ONCE):
        connection.execute(
            words.insert(), [{"paper": each["id"], "stems": written(_paper(each))} for each in known]
        )


def _paper(values: sa.RowMapping) -> Paper:
    lists = {"authors": tuple(values["authors"]), "keywords": tuple(values["keywords"])}
    return Paper(**{**values, **lists})
