"""An acceptance stands in history without enrolling anybody where residents refused on that day or later."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_enrolments_decided"), "enrolments", type_="check")
    op.create_check_constraint(
        op.f("ck_enrolments_decided"), "enrolments", "decision = 'accepted' OR starts_on IS NULL"
    )


def downgrade() -> None:
    op.execute("DELETE FROM enrolments WHERE decision = 'accepted' AND starts_on IS NULL")
    op.drop_constraint(op.f("ck_enrolments_decided"), "enrolments", type_="check")
    op.create_check_constraint(
        op.f("ck_enrolments_decided"), "enrolments", "(decision = 'accepted') = (starts_on IS NOT NULL)"
    )
