"""receipts of exports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=True),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'complete') = (digest IS NOT NULL AND rows IS NOT NULL)", name=op.f("ck_exports_proven")
        ),
        sa.CheckConstraint("state IN ('running', 'complete', 'broken')", name=op.f("ck_exports_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        info={"class": "local"},
    )
    op.create_index("ix_exports_recorded_at", "exports", ["recorded_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_exports_recorded_at", table_name="exports")
    op.drop_table("exports")
