"""Journal, ledger, accounts and sessions.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", PLACE, nullable=False, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("centre_id", sa.Text, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("position_id", sa.Text),
        sa.Column("cause_id", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
        sa.UniqueConstraint("event_id", name="uq_journal_event_id"),
    )
    op.create_index("ix_journal_call_id", "journal", ["call_id"])
    op.create_index("ix_journal_occurred_at", "journal", ["occurred_at"])
    op.create_table(
        "ledger",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("centre_id", sa.Text, nullable=False),
        sa.Column("arrived_at", INSTANT, nullable=False),
        sa.Column("line", sa.Text),
        sa.Column("number", sa.Text),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("test", sa.Boolean, nullable=False),
        sa.Column("flow", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("priority", sa.Text),
        sa.Column("queued_at", INSTANT),
        sa.Column("first_offered_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("agent_id", sa.Text),
        sa.Column("position_id", sa.Text),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.Column("recorded", sa.Boolean),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_arrived_at", "ledger", ["arrived_at"])
    op.create_table(
        "account",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_account"),
        sa.UniqueConstraint("login", name="uq_account_login"),
    )
    op.create_table(
        "session",
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("position_id", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["account.agent_id"], name="fk_session_agent_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_session_agent_id", "session", ["agent_id"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])


def downgrade() -> None:
    for table in ("session", "account", "ledger", "journal"):
        op.drop_table(table)
