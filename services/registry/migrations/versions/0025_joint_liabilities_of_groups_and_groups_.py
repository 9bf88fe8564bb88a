"""Joint liabilities of groups, and groups dissolved."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "joint_liabilities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("document_reference", sa.String(length=200), nullable=False),
        sa.Column("signatories", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("signatories >= 1", name=op.f("ck_joint_liabilities_signatories")),
        sa.ForeignKeyConstraint(
            ["group_id", "kelurahan_code"],
            ["groups.id", "groups.kelurahan_code"],
            name=op.f("fk_joint_liabilities_group_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_liabilities")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_joint_liabilities_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_joint_liabilities_of_group", "joint_liabilities", ["group_id", "signed_on", "id"], unique=False)
    op.add_column("groups", sa.Column("dissolved_on", sa.Date(), nullable=True))
    op.add_column("groups", sa.Column("dissolution_reference", sa.String(length=200), nullable=True))
    op.create_check_constraint(op.f("ck_groups_dissolved"), "groups", "dissolved_on >= formed_on")
    op.execute(
        "INSERT INTO joint_liabilities (id, kelurahan_code, group_id, signed_on, document_reference, signatories,"
        " version, creation_digest, recorded_at, changed_at) SELECT gen_random_uuid(), kelurahan_code, id,"
        " liability_signed_on, liability_reference, liability_signatories, 1, '', changed_at, changed_at FROM groups"
        " WHERE liability_signed_on IS NOT NULL"
    )
    op.drop_column("groups", "liability_signed_on")
    op.drop_column("groups", "liability_signatories")
    op.drop_column("groups", "liability_reference")
    op.drop_constraint(op.f("fk_memberships_resident_id_kelurahan_code"), "memberships", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        op.f("fk_memberships_resident_id_kelurahan_code"),
        "memberships",
        "residents",
        ["resident_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.add_column(
        "groups", sa.Column("liability_reference", sa.VARCHAR(length=200), autoincrement=False, nullable=True)
    )
    op.add_column("groups", sa.Column("liability_signatories", sa.INTEGER(), autoincrement=False, nullable=True))
    op.add_column("groups", sa.Column("liability_signed_on", sa.DATE(), autoincrement=False, nullable=True))
    op.execute(
        "UPDATE groups SET liability_signed_on = last.signed_on, liability_reference = last.document_reference,"
        " liability_signatories = last.signatories FROM (SELECT DISTINCT ON (group_id) * FROM joint_liabilities"
        " ORDER BY group_id, signed_on DESC, id DESC) AS last WHERE last.group_id = groups.id"
    )
    op.create_check_constraint(
        op.f("ck_groups_liability"),
        "groups",
        "(liability_signed_on IS NULL) = (liability_reference IS NULL)"
        " AND (liability_signed_on IS NULL) = (liability_signatories IS NULL)",
    )
    op.create_check_constraint(op.f("ck_groups_signatories"), "groups", "liability_signatories >= 1")
    op.drop_column("groups", "dissolution_reference")
    op.drop_column("groups", "dissolved_on")
    op.drop_index("ix_joint_liabilities_of_group", table_name="joint_liabilities")
    op.drop_table("joint_liabilities")
