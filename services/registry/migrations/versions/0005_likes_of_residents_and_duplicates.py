"""likes of residents and the queue of duplicates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duplicates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("elsewhere_code", sa.String(length=13, collation="C"), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "merged",
                "dismissed",
                "cleared",
                name="duplicatestate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "dismissal",
            sa.Enum(
                "twins",
                "relatives",
                "namesakes",
                "two_persons",
                name="dismissal",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("kept_id", sa.Uuid(), nullable=True),
        sa.Column("kept_version", sa.BigInteger(), nullable=True),
        sa.Column("absorbed_version", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'dismissed') = (dismissal IS NOT NULL)", name=op.f("ck_duplicates_dismissed")),
        sa.CheckConstraint(
            "(state = 'merged') = (kept_id IS NOT NULL) AND (kept_id IS NULL) = (kept_version IS NULL) AND (kept_id IS NULL) = (absorbed_version IS NULL) AND kept_id IN (first_id, second_id)",
            name=op.f("ck_duplicates_merged"),
        ),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_duplicates_order")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_duplicates_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicates")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_duplicates_id_kelurahan_code")),
        sa.UniqueConstraint(
            "kelurahan_code", "first_id", "second_id", name=op.f("uq_duplicates_kelurahan_code_first_id_second_id")
        ),
        info={"class": "community"},
    )
    op.create_index("ix_duplicates_by_place", "duplicates", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_duplicates_by_score", "duplicates", ["state", "score", "id"], unique=False)
    op.create_index("ix_duplicates_by_state", "duplicates", ["state", "id"], unique=False)
    op.create_index("ix_duplicates_of_first", "duplicates", ["first_id"], unique=False)
    op.create_index("ix_duplicates_of_second", "duplicates", ["second_id"], unique=False)
    op.add_column(
        "personal_records",
        sa.Column("match_keys", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
    )
    op.create_index(
        "ix_personal_records_by_match",
        "personal_records",
        ["match_keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    op.drop_index(
        "ix_personal_records_by_match",
        table_name="personal_records",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_column("personal_records", "match_keys")
    op.drop_index("ix_duplicates_of_second", table_name="duplicates")
    op.drop_index("ix_duplicates_of_first", table_name="duplicates")
    op.drop_index("ix_duplicates_by_state", table_name="duplicates")
    op.drop_index("ix_duplicates_by_score", table_name="duplicates")
    op.drop_index("ix_duplicates_by_place", table_name="duplicates")
    op.drop_table("duplicates")
