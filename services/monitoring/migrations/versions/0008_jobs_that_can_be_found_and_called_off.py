"""Jobs that can be found and called off."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"))
    op.alter_column("jobs", "version", server_default=None)
    op.drop_constraint(op.f("ck_jobs_state"), "jobs")
    op.create_check_constraint(
        op.f("ck_jobs_state"), "jobs", "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')"
    )
    op.create_index("ix_jobs_by_state", "jobs", ["account", "state", "id"])
    op.create_index("ix_jobs_of_account", "jobs", ["account", "id"])


def downgrade() -> None:
    op.drop_index("ix_jobs_of_account", table_name="jobs")
    op.drop_index("ix_jobs_by_state", table_name="jobs")
    op.execute("UPDATE jobs SET state = 'failed' WHERE state = 'cancelled'")
    op.drop_constraint(op.f("ck_jobs_state"), "jobs")
    op.create_check_constraint(op.f("ck_jobs_state"), "jobs", "state IN ('queued', 'running', 'succeeded', 'failed')")
    op.drop_column("jobs", "version")
