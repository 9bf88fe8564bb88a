"""Attachments, sent in parts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "kept",
                "withdrawn",
                name="attachmentstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.String(length=100)), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=8, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("swept", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'kept' OR (digest IS NOT NULL AND received = size)", name=op.f("ck_attachments_whole")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_attachments_location")),
        sa.CheckConstraint("(width IS NULL) = (height IS NULL)", name=op.f("ck_attachments_pixels")),
        sa.CheckConstraint("received BETWEEN 0 AND size", name=op.f("ck_attachments_received")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        info={"class": "regional"},
    )
    op.create_index("ix_attachments_by_digest", "attachments", ["digest"], unique=False)
    op.create_index("ix_attachments_of_subject", "attachments", ["subject_kind", "subject_id", "id"], unique=False)
    op.create_index(
        "ix_attachments_to_sweep", "attachments", ["changed_at"], unique=False, postgresql_where="NOT swept"
    )


def downgrade() -> None:
    op.drop_index("ix_attachments_to_sweep", table_name="attachments", postgresql_where="NOT swept")
    op.drop_index("ix_attachments_of_subject", table_name="attachments")
    op.drop_index("ix_attachments_by_digest", table_name="attachments")
    op.drop_table("attachments")
