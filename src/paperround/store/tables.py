"""What the store's tables hold."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
)

from paperround.alarms import Condition
from paperround.batches import BatchState
from paperround.ports import Cause, Effect, Status
from paperround.subscribers import Cadence


class Instant(TypeDecorator[datetime]):
    """A moment, kept in UTC; what goes in and what comes out is timezone-aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as inherited
        """Return the moment in UTC."""
        if value is None:
            return None
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise ValueError(f"{value!r}: a moment is a timezone-aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as inherited
        """Return the moment with its zone, which SQLite does not keep."""
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


def Choice(choices: type[StrEnum], *, name: str) -> Enum:  # noqa: N802 - stands where a type does
    """Return the type of a column that holds one of these, and nothing else."""
    return Enum(
        choices,
        name=name,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda kind: [each.value for each in kind],
    )


# Of subscribers and deliveries: a hundred thousand readers have used up the small numbers in sixty years, a
# million in six. SQLite has numbers of one size alone.
Number = BigInteger().with_variant(Integer(), "sqlite")

# Named by rule, so that a migration can say which constraint it means on either database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

papers = Table(
    "papers",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("published", Date, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("organization", Text),
    Column("categories", JSON, nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("votes", BigInteger),
    Column("pdf_url", Text),
    Column("code_url", Text),
    Column("project_url", Text),
    Column("image_url", Text),
)

# The stems of each paper's words, by which it is found; a blank is on either side of each.
words = Table(
    "words",
    metadata,
    Column("paper", String, ForeignKey("papers.id"), primary_key=True),
    Column("stems", Text, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("source", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("state", Choice(BatchState, name="state"), nullable=False),
    Column("papers", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("etag", Text),
    Column("fetched_at", Instant, nullable=False),
    PrimaryKeyConstraint("source", "day"),
    Index(None, "day"),
)

listings = Table(
    "listings",
    metadata,
    Column("source", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("paper", String, ForeignKey("papers.id"), nullable=False),
    Column("first_seen", Instant, nullable=False),
    PrimaryKeyConstraint("source", "day", "paper"),
    ForeignKeyConstraint(["source", "day"], ["batches.source", "batches.day"]),
    Index(None, "day"),
)

# Later versions of papers that were known when the source announced them; each version stands here once.
revisions = Table(
    "revisions",
    metadata,
    Column("source", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("paper", String, ForeignKey("papers.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("first_seen", Instant, nullable=False),
    PrimaryKeyConstraint("source", "paper", "version"),
    ForeignKeyConstraint(["source", "day"], ["batches.source", "batches.day"]),
    Index(None, "day"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Number, primary_key=True),
    Column("address", String, nullable=False),
    # The address in lower case: two spellings are one reader.
    Column("folded", String, nullable=False, unique=True),
    Column("enrolled_at", Instant, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("subscriber", Number, ForeignKey("subscribers.id"), primary_key=True, autoincrement=False),
    Column("cause", Choice(Cause, name="cause"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# What readers chose for themselves. A pause without a day on which it ends lasts until further notice.
# What they took back is NULL, and the row stays for its `changed_at`.
preferences = Table(
    "preferences",
    metadata,
    Column("subscriber", Number, ForeignKey("subscribers.id"), primary_key=True, autoincrement=False),
    Column("paused", Boolean, nullable=False),
    Column("paused_until", Date),
    Column("cadence", Choice(Cadence, name="cadence")),
    Column("days", JSON(none_as_null=True)),  # weekdays in order, Monday is 0
    Column("changed_at", Instant, nullable=False),
    Column("deliver_at", String),  # an hour such as 07:30
    Column("timezone", String),
    Column("max_papers", Integer),
    Column("topics", JSON(none_as_null=True)),  # the lists that are not as the config has them, by name
    CheckConstraint("paused OR paused_until IS NULL", name="paused_until"),
    CheckConstraint("(cadence IS NULL) = (days IS NULL)", name="days"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Number, primary_key=True),
    Column("subscriber", Number, ForeignKey("subscribers.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("status", Choice(Status, name="status"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("message_id", String, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("unknowns", Integer, nullable=False),  # how often its outcome became unknown
    Column("data_begun_at", Instant),  # of the latest attempt
    Column("next_at", Instant),
    Column("reply", Text, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("batches", JSON, nullable=False),
    Column("considered", Integer, nullable=False),
    Column("rejected", JSON, nullable=False),
    # Compressed, and behind all that is asked for often: SQLite reads what stands before it without
    # touching it. It is empty once the delivery has ended, so what came to stand behind it costs little.
    Column("message", LargeBinary),
    Column("remark", Text, nullable=False, server_default=""),
    Column("worker", String),  # who has it in hand while it is `sending`
    UniqueConstraint("subscriber", "day"),
    CheckConstraint(
        "(status IN ('planned', 'sending', 'deferred', 'unknown')) = (message IS NOT NULL)", name="message"
    ),
    CheckConstraint("message IS NULL OR message_id IS NOT NULL", name="message_id"),
    CheckConstraint("(status = 'deferred') = (next_at IS NOT NULL)", name="next_at"),
    Index(None, "day", "subscriber"),
    # What to send next is the first entry of its status here; next_at is empty but for deferred ones.
    Index(None, "status", "next_at", "id", "day"),
)

# Who delivers, and when they last said that they are alive.
workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),
    Column("seen_at", Instant, nullable=False),
)

# How it stands with the relay, and in which minute how much was begun there.
relays = Table(
    "relays",
    metadata,
    Column("name", String, primary_key=True),
    Column("next_turn", Instant),
    Column("paused_until", Instant),
    Column("reason", Text, nullable=False),
    Column("pauses", Integer, nullable=False),
)

handovers = Table(
    "handovers",
    metadata,
    Column("relay", String, nullable=False),
    Column("minute", Instant, nullable=False),
    Column("messages", Integer, nullable=False),
    PrimaryKeyConstraint("relay", "minute"),
)

# Rounds that go on, or that left somebody without a row; of these `missing` has the ids.
rounds = Table(
    "rounds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("missing", JSON, nullable=False),
)

picks = Table(
    "picks",
    metadata,
    Column("delivery", Number, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("paper", String, nullable=False),
    Column("section", String, nullable=False),
    Column("relevance", Float, nullable=False),
    Column("announced", Date, nullable=False),
    Column("matched", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("version", Integer),  # of an update
    Column("hindrance", JSON(none_as_null=True)),  # of a title line
    PrimaryKeyConstraint("delivery", "position"),
    # Every paper that a reader ever had is asked for each day: answered from this alone.
    Index(None, "delivery", "paper", "version"),
)

# What came back about whom, each message once. A bounce that `counts` may yet end a subscription.
returns = Table(
    "returns",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # of the message
    Column("subscriber", Number, ForeignKey("subscribers.id"), nullable=False),
    Column("delivery", Number, ForeignKey("deliveries.id")),
    Column("effect", Choice(Effect, name="effect"), nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
    Index(None, "delivery"),
    Index(None, "subscriber"),
    Index(None, "read_at"),
)


def _wish() -> Iterator[Column[Any]]:
    """Yield the columns for what somebody asks for, and when they did."""
    yield Column("keywords", JSON, nullable=False)
    yield Column("language", String, nullable=False)
    yield Column("timezone", String)
    yield Column("deliver_at", Time)
    yield Column("asked_at", Instant, nullable=False)


# Who asks for the papers and has not confirmed it; deleted then, or when it is too old. While a mail is to
# be sent for it, `next_at` says when. The ids are drawn by lot, for a link with one outlives its row.
requests = Table(
    "requests",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", String, nullable=False),
    Column("folded", String, nullable=False),
    *_wish(),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant),
    Index(None, "folded"),
)

# That somebody asked, for a day, for the limits: by digests of where from, and of the address that a mail was
# to be sent to, if one was.
askings = Table(
    "askings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", LargeBinary),
    Column("network", LargeBinary, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Index(None, "asked_at"),
)

# Who joined by themselves, and what they asked for: a row is never changed, a new wish is a new row with
# a higher number. `network` is a digest of where it was confirmed from.
members = Table(
    "members",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Number, ForeignKey("subscribers.id"), nullable=False, unique=True),
    *_wish(),
    Column("confirmed_at", Instant, nullable=False),
    Column("network", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# What somebody should look at. Of one condition and subject, one stands at a time.
alarms = Table(
    "alarms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("condition", Choice(Condition, name="condition"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("told_at", Instant),  # by mail, of the latest of the two
)
Index(
    "ix_alarms_standing",
    alarms.c.condition,
    alarms.c.subject,
    unique=True,
    sqlite_where=alarms.c.ended_at.is_(None),
    postgresql_where=alarms.c.ended_at.is_(None),
)

vectors = Table(
    "vectors",
    metadata,
    Column("model", String, nullable=False),
    Column("text", LargeBinary, nullable=False),  # its digest
    Column("vector", LargeBinary, nullable=False),
    PrimaryKeyConstraint("model", "text"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
