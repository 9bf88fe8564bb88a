"""Family cards known again."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "households",
        sa.Column(
            "kk_shared_reason",
            sa.Enum(
                "card_not_split",
                "two_houses",
                "moved_here",
                "other_mistaken",
                name="kkshared",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.create_check_constraint(
        op.f("ck_households_kk_shared"), "households", "kk_shared_reason IS NULL OR kk_absent_reason IS NULL"
    )
    # The numbers are sealed: the worker keeps the digests of what is there already.
    op.add_column("personal_records", sa.Column("kk_digest", sa.LargeBinary(), nullable=True))
    op.create_index("ix_personal_records_by_kk", "personal_records", ["kk_digest"], unique=False)
    op.drop_constraint(op.f("ck_personal_records_nik_erased"), "personal_records", type_="check")
    op.create_check_constraint(
        op.f("ck_personal_records_numbers_erased"),
        "personal_records",
        "erased_at IS NULL OR nik_digest IS NULL AND kk_digest IS NULL",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_personal_records_numbers_erased"), "personal_records", type_="check")
    op.create_check_constraint(
        op.f("ck_personal_records_nik_erased"), "personal_records", "erased_at IS NULL OR nik_digest IS NULL"
    )
    op.drop_index("ix_personal_records_by_kk", table_name="personal_records")
    op.drop_column("personal_records", "kk_digest")
    op.drop_constraint(op.f("ck_households_kk_shared"), "households", type_="check")
    op.drop_column("households", "kk_shared_reason")
