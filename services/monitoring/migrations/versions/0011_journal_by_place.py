"""The journal by place."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_journal_entries_place", "journal_entries", ["place", "position"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_journal_entries_place", table_name="journal_entries")
