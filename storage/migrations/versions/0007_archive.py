"""The archive: the catalogue of the recordings, and what happens in their custody.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PLAIN = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "recording",
        sa.Column("place", PLACE, nullable=False, autoincrement=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("last_call_id", sa.Text, nullable=False),
        sa.Column("centre_id", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("number", PLAIN, nullable=False),
        sa.Column("number_reversed", PLAIN, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("dossier", PLAIN, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("test", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("attempt_at", INSTANT),
        sa.Column("caller_track", sa.Text, nullable=False),
        sa.Column("sealed_at", INSTANT),
        sa.Column("manifest_sha256", sa.Text, nullable=False),
        sa.Column("holds", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_recording"),
        sa.UniqueConstraint("recording_id", name="uq_recording_recording_id"),
    )
    op.create_index("ix_recording_call_id", "recording", ["call_id"])
    op.create_index("ix_recording_dossier_place", "recording", ["dossier", "place"])
    op.create_index("ix_recording_last_call_id", "recording", ["last_call_id"])
    op.create_index("ix_recording_line_place", "recording", ["line", "place"])
    op.create_index("ix_recording_number_place", "recording", ["number", "place"])
    op.create_index("ix_recording_number_reversed_place", "recording", ["number_reversed", "place"])
    op.create_index("ix_recording_outcome_place", "recording", ["outcome", "place"])
    op.create_index("ix_recording_seconds_place", "recording", ["seconds", "place"])
    op.create_index("ix_recording_state_attempt_at", "recording", ["state", "attempt_at"])
    op.create_index("ix_recording_test_state_place", "recording", ["test", "state", "place"])
    op.create_table(
        "recording_agent",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("place", PLACE, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("agent_id", "place", name="pk_recording_agent"),
    )
    op.create_index("ix_recording_agent_place", "recording_agent", ["place"])
    op.create_table(
        "recording_index",
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name="pk_recording_index"),
    )
    op.create_table(
        "archive_place",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("journal_seq", sa.BigInteger, nullable=False),
        sa.Column("journal_at", INSTANT),
        sa.Column("chain_n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_archive_place"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("hold_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_at", INSTANT),
        sa.PrimaryKeyConstraint("hold_id", name="pk_legal_hold"),
    )
    op.create_index("ix_legal_hold_recording_id", "legal_hold", ["recording_id"])
    op.create_table(
        "erasure",
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("granted_by", sa.Text),
        sa.Column("granted_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("batch_id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_asked_at", "erasure", ["asked_at"])
    op.create_table(
        "erasure_item",
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "recording_id", name="pk_erasure_item"),
    )
    op.create_index("ix_erasure_item_recording_id", "erasure_item", ["recording_id"])
    op.create_table(
        "export_request",
        sa.Column("export_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("begins", sa.Float(53), nullable=False),
        sa.Column("ends", sa.Float(53), nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("tracks", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("granted", sa.Boolean),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_n", sa.BigInteger, nullable=False),
        sa.Column("taken_at", INSTANT),
        sa.PrimaryKeyConstraint("export_id", name="pk_export_request"),
    )
    op.create_index("ix_export_request_asked_at", "export_request", ["asked_at"])
    op.create_index("ix_export_request_asked_by_asked_at", "export_request", ["asked_by", "asked_at"])
    op.create_table(
        "auditor_grant",
        sa.Column("grant_id", sa.Text, nullable=False),
        sa.Column("auditor", sa.Text, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("since", INSTANT),
        sa.Column("until", INSTANT),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("recordings", sa.Text, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("grant_id", name="pk_auditor_grant"),
    )
    op.create_index("ix_auditor_grant_auditor", "auditor_grant", ["auditor"])
    op.create_table(
        "marker",
        sa.Column("marker_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("marker_id", name="pk_marker"),
    )
    op.create_index("ix_marker_recording_id", "marker", ["recording_id"])
    op.create_table(
        "listening",
        sa.Column("n", PLACE, nullable=False, autoincrement=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_listening"),
    )
    op.create_index("ix_listening_recording_id", "listening", ["recording_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE recording_words USING fts5(words, detail=none, prefix='3', tokenize='ascii')"
        )
    else:
        op.execute("CREATE TABLE recording_words (place BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_recording_words_words ON recording_words USING gin (words)")
