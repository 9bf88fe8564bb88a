"""What is unfinished when kelurahan pass."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "assignments",
        sa.Column(
            "ended_because",
            sa.Enum(
                "died",
                "unable",
                "resigned",
                "dismissed",
                "contract_ended",
                "mistaken",
                name="assignmentend",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.create_check_constraint(
        op.f("ck_assignments_ended"), "assignments", "ended_because IS NULL OR ends_on IS NOT NULL"
    )
    op.add_column(
        "handovers", sa.Column("unfinished", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.create_index(
        "ix_follow_ups_open", "follow_ups", ["region_code"], unique=False, postgresql_where="done_on IS NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_follow_ups_open", table_name="follow_ups", postgresql_where="done_on IS NULL")
    op.drop_column("handovers", "unfinished")
    op.drop_column("assignments", "ended_because")
