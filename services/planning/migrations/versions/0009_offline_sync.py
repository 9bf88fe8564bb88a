"""Offline sync."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sync_conflicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_conflicts")),
        sa.UniqueConstraint("account", "kind", "record_id", name=op.f("uq_sync_conflicts_account_kind_record_id")),
        info={"class": "local"},
    )
    op.create_index("ix_sync_conflicts_changed_at", "sync_conflicts", ["changed_at"], unique=False)
    op.create_index("ix_sync_conflicts_of_account", "sync_conflicts", ["account", "id"], unique=False)
    op.create_table(
        "sync_scopes",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_sync_scopes")),
        info={"class": "local"},
    )
    op.create_index("ix_journal_entries_place", "journal_entries", ["place", "position"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_journal_entries_place", table_name="journal_entries")
    op.drop_table("sync_scopes")
    op.drop_index("ix_sync_conflicts_of_account", table_name="sync_conflicts")
    op.drop_index("ix_sync_conflicts_changed_at", table_name="sync_conflicts")
    op.drop_table("sync_conflicts")
