"""Programs that use the API, their webhooks, and what could not be told to those.

Revision ID: 0006
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

INSTANT = sa.DateTime(timezone=True)

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("client_id", name="pk_api_client"),
        sa.UniqueConstraint("token_digest", name="uq_api_client_token_digest"),
    )
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("previous_secret", sa.Text, nullable=False),
        sa.Column("previous_until", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("stopped", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_webhook"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_client.client_id"], name="fk_webhook_client_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_client_id", "webhook", ["client_id"])
    op.create_table(
        "dead_letter",
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("given_up_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", "seq", name="pk_dead_letter"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.webhook_id"], name="fk_dead_letter_webhook_id", ondelete="CASCADE"
        ),
    )
