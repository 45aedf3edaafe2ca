"""What LRMs said of calls, for a day.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lrm_display",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_lrm_display"),
    )
    op.create_index("ix_lrm_display_at", "lrm_display", ["at"])
