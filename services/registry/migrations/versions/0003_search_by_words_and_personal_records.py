"""search by words and personal records."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personal_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("nik_digest", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (wrapped_key IS NOT NULL) AND (erased_at IS NULL) = (sealed IS NOT NULL)",
            name=op.f("ck_personal_records_erased"),
        ),
        sa.CheckConstraint("erased_at IS NULL OR nik_digest IS NULL", name=op.f("ck_personal_records_nik_erased")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_records")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_personal_records_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_personal_records_by_nik", "personal_records", ["nik_digest"], unique=False)
    op.create_index("ix_personal_records_of_person", "personal_records", ["person_id"], unique=False)
    op.create_index(
        "ix_boards_by_words",
        "boards",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_groups_by_words",
        "groups",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_partners_by_words",
        "partners",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_regions_by_words",
        "regions",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.execute(
        "INSERT INTO places (kelurahan_code, code_now, name) SELECT code, code, name FROM regions ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_index("ix_regions_by_words", table_name="regions", postgresql_using="gin")
    op.drop_index("ix_partners_by_words", table_name="partners", postgresql_using="gin")
    op.drop_index("ix_groups_by_words", table_name="groups", postgresql_using="gin")
    op.drop_index("ix_boards_by_words", table_name="boards", postgresql_using="gin")
    op.drop_index("ix_personal_records_of_person", table_name="personal_records")
    op.drop_index("ix_personal_records_by_nik", table_name="personal_records")
    op.drop_table("personal_records")
