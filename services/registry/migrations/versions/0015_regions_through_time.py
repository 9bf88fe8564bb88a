"""regions through time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bps_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kemendagri_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("bps_code", sa.String(length=10, collation="C"), nullable=False),
        sa.Column("legal_basis", sa.String(length=200), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_bps_codes_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bps_codes")),
        sa.UniqueConstraint(
            "kemendagri_code",
            "valid_from",
            name=op.f("uq_bps_codes_kemendagri_code_valid_from"),
            postgresql_nulls_not_distinct=True,
        ),
        info={"class": "reference"},
    )
    op.create_index("ix_bps_codes_by_code", "bps_codes", ["bps_code", "kemendagri_code"], unique=False)
    op.create_table(
        "successions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "split",
                "merge",
                "rename",
                "change_of_kind",
                "renumbering",
                name="successionkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("legal_basis", sa.String(length=200), nullable=False),
        sa.Column("minutes_reference", sa.String(length=200), nullable=True),
        sa.Column("predecessors", postgresql.ARRAY(sa.String(length=13, collation="C")), nullable=False),
        sa.Column("successors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("heir", sa.String(length=13, collation="C"), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'split') = (heir IS NOT NULL)", name=op.f("ck_successions_heir")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_successions")),
        info={"class": "reference"},
    )
    op.create_index("ix_successions_by_day", "successions", ["effective_on", "id"], unique=False)
    op.create_index("ix_successions_of_region", "successions", ["predecessors"], unique=False, postgresql_using="gin")
    # What is known gets an id and no predecessors; later rows bring their own.
    op.add_column("regions", sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")))
    op.add_column(
        "regions",
        sa.Column(
            "predecessors", postgresql.ARRAY(sa.String(length=13, collation="C")), nullable=False, server_default="{}"
        ),
    )
    op.alter_column("regions", "id", server_default=None)
    op.alter_column("regions", "predecessors", server_default=None)
    op.drop_constraint("pk_regions", "regions", type_="primary")
    op.create_primary_key("pk_regions", "regions", ["id"])
    op.add_column("regions", sa.Column("succession_id", sa.Uuid(), nullable=True))
    op.create_index("ix_regions_by_predecessor", "regions", ["predecessors"], unique=False, postgresql_using="gin")
    op.create_unique_constraint(
        op.f("uq_regions_code_valid_from"), "regions", ["code", "valid_from"], postgresql_nulls_not_distinct=True
    )
    op.create_foreign_key(op.f("fk_regions_succession_id"), "regions", "successions", ["succession_id"], ["id"])
    op.create_check_constraint(op.f("ck_regions_order"), "regions", "valid_to >= valid_from")
    op.create_check_constraint(
        op.f("ck_regions_succession"),
        "regions",
        "(succession_id IS NULL) = (cardinality(predecessors) = 0)"
        " AND (succession_id IS NULL OR valid_from IS NOT NULL)",
    )


def downgrade() -> None:
    # Of a code that meant several things the last one stays.
    op.execute(
        "DELETE FROM regions USING regions AS later WHERE later.code = regions.code AND later.id <> regions.id"
        " AND (regions.valid_from IS NULL OR later.valid_from > regions.valid_from)"
    )
    op.drop_constraint(op.f("ck_regions_succession"), "regions", type_="check")
    op.drop_constraint(op.f("ck_regions_order"), "regions", type_="check")
    op.drop_constraint(op.f("fk_regions_succession_id"), "regions", type_="foreignkey")
    op.drop_constraint(op.f("uq_regions_code_valid_from"), "regions", type_="unique")
    op.drop_index("ix_regions_by_predecessor", table_name="regions", postgresql_using="gin")
    op.drop_column("regions", "succession_id")
    op.drop_column("regions", "predecessors")
    op.drop_constraint("pk_regions", "regions", type_="primary")
    op.create_primary_key("pk_regions", "regions", ["code"])
    op.drop_column("regions", "id")
    op.drop_index("ix_successions_of_region", table_name="successions", postgresql_using="gin")
    op.drop_index("ix_successions_by_day", table_name="successions")
    op.drop_table("successions")
    op.drop_index("ix_bps_codes_by_code", table_name="bps_codes")
    op.drop_table("bps_codes")
