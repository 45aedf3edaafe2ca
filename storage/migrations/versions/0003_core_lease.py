"""Which folder's cores are at work for a centre, where several share the database.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_lease",
        sa.Column("centre_id", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("core", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("renewed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("centre_id", name="pk_core_lease"),
    )
