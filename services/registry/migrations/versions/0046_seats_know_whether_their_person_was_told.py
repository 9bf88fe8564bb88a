"""Seats know whether somebody told whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# Of what was recorded before it is known only where somebody else says the same person.
KNOWN = """
UPDATE {table} SET person_told = true WHERE person_id IN (
    SELECT person_id FROM accounts
    UNION ALL SELECT person_id FROM residents
    UNION ALL SELECT person_id FROM volunteers
    UNION ALL SELECT person_id FROM (
        SELECT person_id, term_id AS place FROM officers UNION ALL SELECT person_id, id FROM appointments
    ) AS seats GROUP BY person_id HAVING count(*) > 1
)
"""


def upgrade() -> None:
    for table in ("officers", "appointments"):
        op.add_column(table, sa.Column("person_told", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in ("officers", "appointments"):
        op.execute(KNOWN.format(table=table))
        op.alter_column(table, "person_told", server_default=None)


def downgrade() -> None:
    for table in ("officers", "appointments"):
        op.drop_column(table, "person_told")
