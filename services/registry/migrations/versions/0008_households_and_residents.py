"""households and residents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "households",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("rt", sa.String(length=4), nullable=True),
        sa.Column("rw", sa.String(length=4), nullable=True),
        sa.Column("head_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kk_absent_reason",
            sa.Enum(
                "not_issued",
                "not_shown",
                "lost",
                "not_known",
                "declined",
                "not_asked",
                name="numberabsent",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "ended_because",
            sa.Enum(
                "dissolved", "left", "moved", name="householdend", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("moved_from", sa.Uuid(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name=op.f("ck_households_ended")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_households_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_households_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_households_by_place", "households", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_households_moved", "households", ["moved_from"], unique=False)
    op.create_table(
        "residents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sex",
            sa.Enum("female", "male", name="sex", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column(
            "birth_year_absent_reason",
            sa.Enum(
                "not_known",
                "declined",
                "not_asked",
                name="birthyearabsent",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "nik_absent_reason",
            sa.Enum(
                "not_issued",
                "not_shown",
                "lost",
                "not_known",
                "declined",
                "not_asked",
                name="numberabsent",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("vulnerabilities", postgresql.ARRAY(sa.String(length=40)), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum("died", "left", "moved", name="residentend", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column("moved_from", sa.Uuid(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "vulnerabilities <@ ARRAY['physical_disability', 'visual_disability', 'hearing_or_speech_disability', 'intellectual_disability', 'mental_disability', 'chronic_illness', 'elderly_alone', 'female_head_of_family', 'orphan', 'pregnant_or_nursing', 'homeless']::varchar[]",
            name=op.f("ck_residents_vulnerabilities"),
        ),
        sa.CheckConstraint(
            "(birth_year IS NULL) = (birth_year_absent_reason IS NOT NULL)", name=op.f("ck_residents_birth_year")
        ),
        sa.CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name=op.f("ck_residents_ended")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_residents_order")),
        sa.ForeignKeyConstraint(
            ["household_id", "kelurahan_code"],
            ["households.id", "households.kelurahan_code"],
            name=op.f("fk_residents_household_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_residents_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_residents_by_place", "residents", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_residents_merged", "residents", ["merged_into"], unique=False)
    op.create_index("ix_residents_moved", "residents", ["moved_from"], unique=False)
    op.create_index("ix_residents_of_household", "residents", ["household_id", "id"], unique=False)
    op.create_index("ix_residents_of_person", "residents", ["person_id"], unique=False)
    op.create_table(
        "welfare_statuses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "poor", "near_poor", "not_poor", name="welfare", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("minutes_reference", sa.String(length=200), nullable=False),
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
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name=op.f("ck_welfare_statuses_reasons"),
        ),
        sa.CheckConstraint("attendance_total >= 1", name=op.f("ck_welfare_statuses_attendance")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_welfare_statuses_order")),
        sa.CheckConstraint("starts_on >= held_on", name=op.f("ck_welfare_statuses_decided")),
        sa.CheckConstraint(
            "women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total",
            name=op.f("ck_welfare_statuses_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["household_id", "kelurahan_code"],
            ["households.id", "households.kelurahan_code"],
            name=op.f("fk_welfare_statuses_household_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_statuses")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_welfare_statuses_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_welfare_statuses_by_place", "welfare_statuses", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_welfare_statuses_of_household", "welfare_statuses", ["household_id", "starts_on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_welfare_statuses_of_household", table_name="welfare_statuses")
    op.drop_index("ix_welfare_statuses_by_place", table_name="welfare_statuses")
    op.drop_table("welfare_statuses")
    op.drop_index("ix_residents_of_person", table_name="residents")
    op.drop_index("ix_residents_of_household", table_name="residents")
    op.drop_index("ix_residents_moved", table_name="residents")
    op.drop_index("ix_residents_merged", table_name="residents")
    op.drop_index("ix_residents_by_place", table_name="residents")
    op.drop_table("residents")
    op.drop_index("ix_households_moved", table_name="households")
    op.drop_index("ix_households_by_place", table_name="households")
    op.drop_table("households")
