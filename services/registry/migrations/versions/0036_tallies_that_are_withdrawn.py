"""Tallies that are withdrawn, so that another person may enter their sheet."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SHEETS = {
    "ballots": (["kelurahan_code", "election_id", "rt", "rw", "number"], True),
    "election_meetings": (["kelurahan_code", "election_id", "number"], False),
}
"""By what a sheet's tallies are told apart, and whether a part of it may be null."""

WITHDRAWN = "(standing = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (standing = 'withdrawn') = (withdrawal_reason IS NOT NULL)"


def _standings(table: str, *standings: str) -> None:
    op.drop_constraint(op.f("ck_" + table + "_standing"), table)
    named = ", ".join(f"'{one}'" for one in standings)
    op.create_check_constraint(op.f("ck_" + table + "_standing"), table, f"standing IN ({named})")


def upgrade() -> None:
    for table, (columns, _) in SHEETS.items():
        op.add_column(table, sa.Column("withdrawn_by", sa.Uuid(), nullable=True))
        op.add_column(table, sa.Column("withdrawal_reason", sa.Text(), nullable=True))
        _standings(table, "waiting", "differs", "agreed", "withdrawn")
        op.create_check_constraint(op.f("ck_" + table + "_withdrawn"), table, WITHDRAWN)
        op.drop_constraint(op.f("uq_" + table + "_" + "_".join(columns)), table, type_="unique")
        op.create_index(
            op.f("ix_" + table + "_of_one_sheet"),
            table,
            columns,
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("standing <> 'withdrawn'"),
        )


def downgrade() -> None:
    op.execute("DELETE FROM ballots WHERE standing = 'withdrawn'")
    op.execute("DELETE FROM election_meetings WHERE standing = 'withdrawn'")
    for table, (columns, nullable) in SHEETS.items():
        op.drop_index(op.f("ix_" + table + "_of_one_sheet"), table_name=table)
        op.create_unique_constraint(
            op.f("uq_" + table + "_" + "_".join(columns)), table, columns, postgresql_nulls_not_distinct=nullable
        )
        op.drop_constraint(op.f("ck_" + table + "_withdrawn"), table)
        _standings(table, "waiting", "differs", "agreed")
        op.drop_column(table, "withdrawal_reason")
        op.drop_column(table, "withdrawn_by")
