"""The journal's head, before its first entry."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO journal_head (id, position, digest) VALUES (1, 0, decode(repeat('00', 32), 'hex'))")


def downgrade() -> None:
    op.execute("DELETE FROM journal_head")
