"""Whom an emergency is told to."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_authorities_by_region", "authorities", ["regions"], unique=False, postgresql_using="gin")
    op.add_column(
        "emergencies",
        sa.Column(
            "told",
            sa.Enum(
                "supervisors",
                "auditors",
                "city",
                "nobody",
                name="told",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.add_column("emergencies", sa.Column("told_accounts", sa.Integer(), nullable=True))
    op.create_index(
        "ix_emergencies_unseen",
        "emergencies",
        ["kelurahan_code", "id"],
        unique=False,
        postgresql_where="acknowledged_at IS NULL",
    )


def downgrade() -> None:
    op.drop_index("ix_emergencies_unseen", table_name="emergencies", postgresql_where="acknowledged_at IS NULL")
    op.drop_column("emergencies", "told_accounts")
    op.drop_column("emergencies", "told")
    op.drop_index("ix_authorities_by_region", table_name="authorities", postgresql_using="gin")
