"""officers named only while in office."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.alter_column("officers", "name", existing_type=sa.VARCHAR(length=200), nullable=True)
    op.create_index(
        "ix_officers_named",
        "officers",
        ["term_id", "ends_on"],
        unique=False,
        postgresql_where=sa.text("name IS NOT NULL"),
    )


def downgrade() -> None:

    op.drop_index("ix_officers_named", table_name="officers", postgresql_where=sa.text("name IS NOT NULL"))
    op.alter_column("officers", "name", existing_type=sa.VARCHAR(length=200), nullable=False)
