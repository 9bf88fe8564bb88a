"""memberships and savings of groups."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "chair",
                "secretary",
                "treasurer",
                "member",
                name="memberrole",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum(
                "left",
                "moved",
                "died",
                "excluded",
                "new_role",
                "group_dissolved",
                name="membershipend",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name=op.f("ck_memberships_ended")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_memberships_order")),
        sa.ForeignKeyConstraint(
            ["group_id", "kelurahan_code"],
            ["groups.id", "groups.kelurahan_code"],
            name=op.f("fk_memberships_group_id_kelurahan_code"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "kelurahan_code"],
            ["residents.id", "residents.kelurahan_code"],
            name=op.f("fk_memberships_resident_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_memberships_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_memberships_by_place", "memberships", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_memberships_of_group", "memberships", ["group_id", "starts_on", "id"], unique=False)
    op.create_index("ix_memberships_of_resident", "memberships", ["resident_id"], unique=False)
    op.create_table(
        "savings_months",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("savings_rupiah", sa.BigInteger(), nullable=False),
        sa.Column("savers", sa.Integer(), nullable=False),
        sa.Column("meeting_held", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("EXTRACT(DAY FROM month) = 1", name=op.f("ck_savings_months_month")),
        sa.CheckConstraint(
            "savers >= 0 AND (savers = 0) = (savings_rupiah = 0)", name=op.f("ck_savings_months_savers")
        ),
        sa.CheckConstraint(
            "savings_rupiah BETWEEN 0 AND 9007199254740991", name=op.f("ck_savings_months_savings_rupiah_bounds")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "kelurahan_code"],
            ["groups.id", "groups.kelurahan_code"],
            name=op.f("fk_savings_months_group_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_months")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_savings_months_id_kelurahan_code")),
        sa.UniqueConstraint(
            "kelurahan_code", "group_id", "month", name=op.f("uq_savings_months_kelurahan_code_group_id_month")
        ),
        info={"class": "community"},
    )
    op.create_index("ix_savings_months_of_group", "savings_months", ["group_id", "month", "id"], unique=False)
    op.add_column("groups", sa.Column("liability_signed_on", sa.Date(), nullable=True))
    op.add_column("groups", sa.Column("liability_reference", sa.String(length=200), nullable=True))
    op.add_column("groups", sa.Column("liability_signatories", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_groups_liability"),
        "groups",
        "(liability_signed_on IS NULL) = (liability_reference IS NULL)"
        " AND (liability_signed_on IS NULL) = (liability_signatories IS NULL)",
    )
    op.create_check_constraint(op.f("ck_groups_signatories"), "groups", "liability_signatories >= 1")


def downgrade() -> None:
    op.drop_column("groups", "liability_signatories")
    op.drop_column("groups", "liability_reference")
    op.drop_column("groups", "liability_signed_on")
    op.drop_index("ix_savings_months_of_group", table_name="savings_months")
    op.drop_table("savings_months")
    op.drop_index("ix_memberships_of_resident", table_name="memberships")
    op.drop_index("ix_memberships_of_group", table_name="memberships")
    op.drop_index("ix_memberships_by_place", table_name="memberships")
    op.drop_table("memberships")
