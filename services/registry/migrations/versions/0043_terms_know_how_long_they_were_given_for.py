"""Terms know how long residents gave them for, and who ended them before."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("terms", sa.Column("ended_by", sa.Uuid(), nullable=True))
    op.add_column("terms", sa.Column("given_until", sa.Date(), nullable=True))
    # Of a certified one its election still says so; of one from paper what was written first is not known any more.
    op.execute(
        "UPDATE terms SET given_until = greatest(terms.ends_on, (SELECT elections.term_ends_on FROM elections"
        " WHERE elections.id = terms.election_id))"
    )
    op.alter_column("terms", "given_until", nullable=False)
    op.create_check_constraint(op.f("ck_terms_given"), "terms", "ends_on <= given_until")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_terms_given"), "terms", type_="check")
    op.drop_column("terms", "given_until")
    op.drop_column("terms", "ended_by")
