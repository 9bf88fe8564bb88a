"""officers come and go."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("boards", sa.Column("dissolved_on", sa.Date(), nullable=True))
    op.add_column("officers", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("officers", sa.Column("ends_on", sa.Date(), nullable=True))
    op.alter_column("officers", "name", existing_type=sa.VARCHAR(length=200), nullable=True)


def downgrade() -> None:
    op.alter_column("officers", "name", existing_type=sa.VARCHAR(length=200), nullable=False)
    op.drop_column("officers", "ends_on")
    op.drop_column("officers", "starts_on")
    op.drop_column("boards", "dissolved_on")
