"""The telephone directory and favourites in it.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "directory_entry",
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("favourite", sa.Boolean, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_directory_entry"),
    )
    op.create_table(
        "directory_favourite",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "entry_id", name="pk_directory_favourite"),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["directory_entry.entry_id"],
            name="fk_directory_favourite_entry_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_directory_favourite_entry_id", "directory_favourite", ["entry_id"])
    op.create_table(
        "directory_state",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_state"),
    )


def downgrade() -> None:
    for table in ("directory_state", "directory_favourite", "directory_entry"):
        op.drop_table(table)
