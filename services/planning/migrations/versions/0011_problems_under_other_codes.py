"""An activity may answer a problem that was recorded under another code of its place."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = "fk_activities_problem_id_kelurahan_code"
COLUMNS = (["problem_id", "kelurahan_code"], ["id", "kelurahan_code"])


def upgrade() -> None:
    op.drop_constraint(KEY, "activities", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(KEY, "activities", "problems", *COLUMNS)
