"""What a partner's program opens is said by its own scopes, no longer by its role alone."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE clients SET scopes = ARRAY['planning:offers:write']::varchar[] WHERE org IS NOT NULL")


def downgrade() -> None:
    op.execute("UPDATE clients SET scopes = ARRAY[]::varchar[] WHERE org IS NOT NULL")
