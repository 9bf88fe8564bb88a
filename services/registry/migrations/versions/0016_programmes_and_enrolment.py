"""programmes and enrolment."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("attendance_total", sa.Integer(), nullable=False),
        sa.Column("women", sa.Integer(), nullable=True),
        sa.Column(
            "women_not_counted",
            sa.Enum(
                "not_recorded",
                "list_lost",
                name="womennotcounted",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("poor", sa.Integer(), nullable=True),
        sa.Column(
            "poor_not_counted",
            sa.Enum(
                "not_recorded",
                "list_lost",
                "no_poverty_list",
                name="poornotcounted",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "decision",
            sa.Enum("accepted", "refused", name="decision", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("minutes_reference", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(decision = 'accepted') = (starts_on IS NOT NULL)", name=op.f("ck_enrolments_decided")),
        sa.CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name=op.f("ck_enrolments_reasons"),
        ),
        sa.CheckConstraint("attendance_total >= 1", name=op.f("ck_enrolments_attendance")),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NOT NULL", name=op.f("ck_enrolments_ended")),
        sa.CheckConstraint(
            "starts_on >= held_on AND (ends_on IS NULL OR ends_on >= starts_on)", name=op.f("ck_enrolments_order")
        ),
        sa.CheckConstraint(
            "women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total",
            name=op.f("ck_enrolments_parts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_enrolments_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_enrolments_by_day", "enrolments", ["held_on", "id"], unique=False)
    op.create_index("ix_enrolments_by_place", "enrolments", ["kelurahan_code", "programme", "id"], unique=False)
    op.create_index("ix_enrolments_in_force", "enrolments", ["ends_on", "starts_on", "id"], unique=False)
    op.create_index("ix_enrolments_of_programme", "enrolments", ["programme", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_enrolments_of_programme", table_name="enrolments")
    op.drop_index("ix_enrolments_in_force", table_name="enrolments")
    op.drop_index("ix_enrolments_by_place", table_name="enrolments")
    op.drop_index("ix_enrolments_by_day", table_name="enrolments")
    op.drop_table("enrolments")
