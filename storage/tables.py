"""The database's tables. Text has no length limit: what a stranger sends must never stop the journal."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, in UTC on both sides. SQLite keeps it as text without a zone, in order."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse an instant without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Place = BigInteger().with_variant(Integer, "sqlite")  # SQLite: the row's own key, no second index

journal = Table(
    "journal",
    metadata,
    Column("seq", Place, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("centre_id", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("call_id", Text),
    Column("position_id", Text),
    Column("cause_id", Text),
    Column("body", Text, nullable=False),
    Index(None, "call_id"),
    Index(None, "occurred_at"),
)
"""Every event, as it was written. Rows are never changed, but by ``storage/forget.py``."""

ledger = Table(
    "ledger",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("centre_id", Text, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("line", Text),
    Column("number", Text),
    Column("hidden", Boolean, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("flow", Text),
    Column("queue", Text),
    Column("priority", Text),
    Column("queued_at", Instant),
    Column("first_offered_at", Instant),
    Column("answered_at", Instant),
    Column("agent_id", Text),
    Column("position_id", Text),
    Column("ended_at", Instant),
    Column("outcome", Text),
    Column("ended_by", Text),
    Column("recorded", Boolean),
    Column("last_seq", BigInteger, nullable=False),
    Index(None, "arrived_at"),
)
"""One row a call, with its one outcome: a projection of the journal, made in the same transaction."""

account = Table(
    "account",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_digest", LargeBinary, primary_key=True),
    Column("agent_id", Text, ForeignKey("account.agent_id", ondelete="CASCADE"), nullable=False),
    Column("position_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "agent_id"),
    Index(None, "expires_at"),
)
"""Sessions of browsers. Only the SHA-256 of a token is kept."""

directory_entry = Table(
    "directory_entry",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("favourite", Boolean, nullable=False),
    Column("tags", Text, nullable=False),
    Column("notes", Text, nullable=False),
)
"""The telephone directory. Numbers and tags are JSON: they are only ever read with their entry."""

directory_favourite = Table(
    "directory_favourite",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("entry_id", Text, ForeignKey("directory_entry.entry_id", ondelete="CASCADE"), primary_key=True),
    Index(None, "entry_id"),
)
"""Each agent's own favourites, also those of agents without a local account."""

directory_state = Table(
    "directory_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
)
"""One row: the directory's version, which grows with each change, and who made the last one."""

lrm_display = Table(
    "lrm_display",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("details", Text, nullable=False),
    Index(None, "at"),
)
"""What an LRM said of a call, as JSON, for agents to see; deleted after a day."""

core_lease = Table(
    "core_lease",
    metadata,
    Column("centre_id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("core", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("renewed_at", Float(53), nullable=False),
)
"""Which site's core is at work. ``renewed_at``: seconds since 1970 by the database's own clock."""

api_client = Table(
    "api_client",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)
"""Programs that may use the API. Only the SHA-256 of a token is kept; scopes are separated by spaces."""

webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("api_client.client_id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text, nullable=False),
    Column("previous_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("stopped", Text, nullable=False),
    Index(None, "client_id"),
)
"""Addresses told of events, and how far each has been told. Secrets are kept as they are: they sign."""

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("webhook_id", Text, ForeignKey("webhook.webhook_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("given_up_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Events that a webhook could not be told of."""
