"""consents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("board_id", sa.Uuid(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "programme",
                "channeling",
                "publication",
                "research",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column(
            "manner",
            sa.Enum(
                "signed_form",
                "spoken",
                "board_minutes",
                name="manner",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("witnesses", sa.Integer(), nullable=True),
        sa.Column("by_guardian", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "data <@ ARRAY['identity', 'contact', 'address', 'household', 'welfare', 'livelihood', 'photo', 'group_profile', 'group_finances', 'group_activities']::varchar[]",
            name=op.f("ck_consents_data"),
        ),
        sa.CheckConstraint("(resident_id IS NULL) <> (board_id IS NULL)", name=op.f("ck_consents_subject")),
        sa.CheckConstraint("(resident_id IS NULL) = (person_id IS NULL)", name=op.f("ck_consents_person")),
        sa.CheckConstraint("ends_on >= starts_on AND withdrawn_on >= starts_on", name=op.f("ck_consents_order")),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_consents_board_id_kelurahan_code"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "kelurahan_code"],
            ["residents.id", "residents.kelurahan_code"],
            name=op.f("fk_consents_resident_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_consents_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_consents_by_partner", "consents", ["partner_id", "id"], unique=False)
    op.create_index("ix_consents_by_place", "consents", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_consents_of_board", "consents", ["board_id", "purpose"], unique=False)
    op.create_index("ix_consents_of_person", "consents", ["person_id", "purpose"], unique=False)
    op.create_index("ix_consents_of_resident", "consents", ["resident_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_consents_of_resident", table_name="consents")
    op.drop_index("ix_consents_of_person", table_name="consents")
    op.drop_index("ix_consents_of_board", table_name="consents")
    op.drop_index("ix_consents_by_place", table_name="consents")
    op.drop_index("ix_consents_by_partner", table_name="consents")
    op.drop_table("consents")
