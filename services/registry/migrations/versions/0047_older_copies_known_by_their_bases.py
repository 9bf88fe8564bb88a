"""Older offline copies are known by the bases of their timestamps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sync_scopes", sa.Column("bases", postgresql.ARRAY(sa.BigInteger()), nullable=False, server_default="{}")
    )
    op.execute("UPDATE sync_scopes SET bases = ARRAY[base]")
    op.alter_column("sync_scopes", "bases", server_default=None)
    op.drop_column("sync_scopes", "base")


def downgrade() -> None:
    op.add_column("sync_scopes", sa.Column("base", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE sync_scopes SET base = bases[array_upper(bases, 1)]")
    op.alter_column("sync_scopes", "base", server_default=None)
    op.drop_column("sync_scopes", "bases")
