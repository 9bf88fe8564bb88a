"""declarations of officers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "declarations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("woman", sa.Boolean(), nullable=True),
        sa.Column(
            "woman_unknown",
            sa.Enum("not_asked", "declined", name="womanunknown", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column("poor", sa.Boolean(), nullable=True),
        sa.Column(
            "poor_unknown",
            sa.Enum(
                "not_asked",
                "declined",
                "no_poverty_list",
                name="poorunknown",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "occupation",
            sa.Enum(
                "farmer_or_fisher",
                "labourer",
                "trader",
                "employee",
                "civil_servant",
                "military_or_police",
                "professional",
                "homemaker",
                "retired",
                "student",
                "without_work",
                "other",
                name="occupation",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "occupation_unknown",
            sa.Enum(
                "not_asked", "declined", name="occupationunknown", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("other_offices", postgresql.ARRAY(sa.String(length=40)), nullable=True),
        sa.Column(
            "other_offices_unknown",
            sa.Enum(
                "not_asked", "declined", name="officesunknown", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(woman IS NULL) = (woman_unknown IS NOT NULL) AND (poor IS NULL) = (poor_unknown IS NOT NULL) AND (occupation IS NULL) = (occupation_unknown IS NOT NULL) AND (other_offices IS NULL) = (other_offices_unknown IS NOT NULL)",
            name=op.f("ck_declarations_reasons"),
        ),
        sa.ForeignKeyConstraint(
            ["officer_id", "kelurahan_code"],
            ["officers.id", "officers.kelurahan_code"],
            name=op.f("fk_declarations_officer_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_declarations_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_declarations_of_board", "declarations", ["board_id", "id"], unique=False)
    op.create_index("ix_declarations_of_officer", "declarations", ["officer_id", "declared_on", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_declarations_of_officer", table_name="declarations")
    op.drop_index("ix_declarations_of_board", table_name="declarations")
    op.drop_table("declarations")
