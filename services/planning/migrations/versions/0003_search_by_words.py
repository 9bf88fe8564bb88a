"""search by words."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_activities_by_words",
        "activities",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(title, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_plans_by_words",
        "plans",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(title, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_problems_by_words",
        "problems",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(title, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )


def downgrade() -> None:
    op.drop_index("ix_problems_by_words", table_name="problems", postgresql_using="gin")
    op.drop_index("ix_plans_by_words", table_name="plans", postgresql_using="gin")
    op.drop_index("ix_activities_by_words", table_name="activities", postgresql_using="gin")
