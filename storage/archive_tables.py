"""The archive's tables: the catalogue, a fold of the journal and of the chain of custody. It can be made anew.

Beside them, ``recording_words`` holds the words of the notes: FTS5 in SQLite, ``tsvector`` in PostgreSQL, each
made by the migration in its own language, written and asked by ``storage/recording_words.py`` alone.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects import postgresql

from storage.tables import Instant, Place
from storage.tables import metadata as metadata

Plain = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ordered octet by octet, as SQLite does: what begins so is a range of it."""

recording = Table(
    "recording",
    metadata,
    Column("place", Place, primary_key=True, autoincrement=False),
    Column("recording_id", Text, nullable=False, unique=True),
    Column("call_id", Text, nullable=False),
    Column("last_call_id", Text, nullable=False),
    Column("centre_id", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("number", Plain, nullable=False),
    Column("number_reversed", Plain, nullable=False),
    Column("direction", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("seconds", Float(53), nullable=False),
    Column("outcome", Text),
    Column("dossier", Plain, nullable=False),
    Column("notes", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_at", Instant),
    Column("caller_track", Text, nullable=False),
    Column("sealed_at", Instant),
    Column("manifest_sha256", Text, nullable=False),
    Column("holds", Integer, nullable=False),
    Index(None, "call_id"),
    Index(None, "last_call_id"),
    Index(None, "number", "place"),
    Index(None, "number_reversed", "place"),
    Index(None, "dossier", "place"),
    Index(None, "line", "place"),
    Index(None, "outcome", "place"),
    Index(None, "seconds", "place"),
    Index(None, "state", "attempt_at"),
    Index(None, "test", "state", "place"),
)
"""One row a recording. ``place``: microseconds of its start since 1970, made unique: the order of searches."""

recording_agent = Table(
    "recording_agent",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("place", Place, primary_key=True, autoincrement=False),
    Index(None, "place"),
)
"""Who of us is heard in a recording."""

recording_index = Table(
    "recording_index",
    metadata,
    Column("recording_id", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
"""Indexes of recordings, until they are sealed with them."""

archive_place = Table(
    "archive_place",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("journal_seq", BigInteger, nullable=False),
    Column("journal_at", Instant),
    Column("chain_n", BigInteger, nullable=False),
)
"""One row: how far journal and chain are in these tables, written in the same transaction as they."""

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("recording_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("lifted_by", Text),
    Column("lifted_at", Instant),
    Index(None, "recording_id"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Column("granted_by", Text),
    Column("granted_at", Instant),
    Column("done_at", Instant),
    Index(None, "asked_at"),
)
"""Batches proposed for erasure, until they have a visa and are carried out."""

erasure_item = Table(
    "erasure_item",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("recording_id", Text, primary_key=True),
    Column("kept", Boolean, nullable=False),
    Index(None, "recording_id"),
)
"""``kept``: a hold kept it when its batch was carried out."""

export_request = Table(
    "export_request",
    metadata,
    Column("export_id", Text, primary_key=True),
    Column("recording_id", Text, nullable=False),
    Column("begins", Float(53), nullable=False),
    Column("ends", Float(53), nullable=False),
    Column("form", Text, nullable=False),
    Column("tracks", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("granted", Boolean),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("decided_n", BigInteger, nullable=False),
    Column("taken_at", Instant),
    Index(None, "asked_at"),
    Index(None, "asked_by", "asked_at"),
)

auditor_grant = Table(
    "auditor_grant",
    metadata,
    Column("grant_id", Text, primary_key=True),
    Column("auditor", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("since", Instant),
    Column("until", Instant),
    Column("line", Text, nullable=False),
    Column("recordings", Text, nullable=False),
    Column("ended_at", Instant),
    Index(None, "auditor"),
)
"""``recordings``: ids separated by spaces."""

marker = Table(
    "marker",
    metadata,
    Column("marker_id", Text, primary_key=True),
    Column("recording_id", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("text", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Index(None, "recording_id"),
)

listening = Table(
    "listening",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("recording_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "recording_id"),
)
"""Who listened to what, and why: by its place in the chain."""
