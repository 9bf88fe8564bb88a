"""volunteers, facilitators, handovers, verified partners."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facilitators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "senior_facilitator",
                "technical_facilitator",
                "economic_facilitator",
                "social_facilitator",
                "city_coordinator",
                "finance_assistant",
                "infrastructure_assistant",
                "community_development_assistant",
                "data_assistant",
                "independent_assistant",
                name="facilitatorrole",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_facilitators_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facilitators")),
        info={"class": "regional"},
    )
    op.create_index("ix_facilitators_by_place", "facilitators", ["region_code", "id"], unique=False)
    op.create_index("ix_facilitators_of_account", "facilitators", ["account_id"], unique=False)
    op.create_index("ix_facilitators_of_person", "facilitators", ["person_id"], unique=False)
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("from_facilitator_id", sa.Uuid(), nullable=False),
        sa.Column("to_facilitator_id", sa.Uuid(), nullable=False),
        sa.Column("from_person_id", sa.Uuid(), nullable=False),
        sa.Column("to_person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "acknowledged",
                "withdrawn",
                name="handoverstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("handed_over_on", sa.Date(), nullable=False),
        sa.Column("acknowledged_on", sa.Date(), nullable=True),
        sa.Column("passing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("in_progress", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shared_codes", postgresql.ARRAY(sa.String(length=13)), nullable=False),
        sa.Column("lacking_codes", postgresql.ARRAY(sa.String(length=13)), nullable=False),
        sa.Column("kept_codes", postgresql.ARRAY(sa.String(length=13)), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_by", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint(
            "(state = 'acknowledged') = (acknowledged_on IS NOT NULL)", name=op.f("ck_handovers_acknowledged")
        ),
        sa.CheckConstraint("from_person_id <> to_person_id", name=op.f("ck_handovers_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
        info={"class": "regional"},
    )
    op.create_index("ix_handovers_by_place", "handovers", ["region_code", "id"], unique=False)
    op.create_index("ix_handovers_from", "handovers", ["from_facilitator_id", "id"], unique=False)
    op.create_index("ix_handovers_to", "handovers", ["to_facilitator_id", "id"], unique=False)
    op.create_table(
        "volunteers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column(
            "sex",
            sa.Enum("female", "male", name="sex", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cardinality(roles) > 0 AND roles <@ ARRAY['mobiliser', 'survey_team', 'planning_team', 'election_committee', 'works_team', 'monitoring_team']::varchar[]",
            name=op.f("ck_volunteers_roles"),
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_volunteers_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteers")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_volunteers_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_volunteers_by_place", "volunteers", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_volunteers_by_role", "volunteers", ["roles"], unique=False, postgresql_using="gin")
    op.create_index("ix_volunteers_of_person", "volunteers", ["person_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("facilitator_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "senior_facilitator",
                "technical_facilitator",
                "economic_facilitator",
                "social_facilitator",
                "city_coordinator",
                "finance_assistant",
                "infrastructure_assistant",
                "community_development_assistant",
                "data_assistant",
                "independent_assistant",
                name="facilitatorrole",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_assignments_order")),
        sa.ForeignKeyConstraint(["facilitator_id"], ["facilitators.id"], name=op.f("fk_assignments_facilitator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_assignments_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_assignments_by_place", "assignments", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_assignments_of_facilitator", "assignments", ["facilitator_id", "id"], unique=False)
    op.create_index("ix_assignments_of_person", "assignments", ["person_id"], unique=False)
    op.add_column("partners", sa.Column("region_code", sa.String(length=13, collation="C"), nullable=True))
    op.add_column("partners", sa.Column("registration_number", sa.String(length=100), nullable=True))
    op.add_column("partners", sa.Column("tax_number", sa.String(length=16), nullable=True))
    op.add_column("partners", sa.Column("mailbox", sa.String(length=200), nullable=True))
    op.add_column("partners", sa.Column("contact_id", sa.Uuid(), nullable=True))
    op.add_column("partners", sa.Column("verified_on", sa.Date(), nullable=True))
    op.add_column(
        "partners",
        sa.Column(
            "evidence",
            sa.Enum(
                "deed",
                "legal_recognition",
                "licence",
                "tax_registration",
                "decree",
                "agreement",
                name="evidence",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.add_column("partners", sa.Column("evidence_reference", sa.String(length=200), nullable=True))
    op.add_column("partners", sa.Column("expires_on", sa.Date(), nullable=True))
    op.add_column("partners", sa.Column("touched_by", postgresql.ARRAY(sa.Uuid()), nullable=False, server_default="{}"))
    op.alter_column("partners", "touched_by", server_default=None)
    op.create_check_constraint(
        op.f("ck_partners_verification"),
        "partners",
        "(verified_on IS NULL) = (evidence IS NULL) AND (verified_on IS NULL) = (evidence_reference IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_partners_contact_seat"), "partners", "contact_id IS NULL OR region_code IS NOT NULL"
    )
    op.create_index("ix_partners_by_seat", "partners", ["region_code", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_partners_by_seat", table_name="partners")
    op.drop_column("partners", "touched_by")
    op.drop_column("partners", "expires_on")
    op.drop_column("partners", "evidence_reference")
    op.drop_column("partners", "evidence")
    op.drop_column("partners", "verified_on")
    op.drop_column("partners", "contact_id")
    op.drop_column("partners", "mailbox")
    op.drop_column("partners", "tax_number")
    op.drop_column("partners", "registration_number")
    op.drop_column("partners", "region_code")
    op.drop_index("ix_assignments_of_person", table_name="assignments")
    op.drop_index("ix_assignments_of_facilitator", table_name="assignments")
    op.drop_index("ix_assignments_by_place", table_name="assignments")
    op.drop_table("assignments")
    op.drop_index("ix_volunteers_of_person", table_name="volunteers")
    op.drop_index("ix_volunteers_by_role", table_name="volunteers", postgresql_using="gin")
    op.drop_index("ix_volunteers_by_place", table_name="volunteers")
    op.drop_table("volunteers")
    op.drop_index("ix_handovers_to", table_name="handovers")
    op.drop_index("ix_handovers_from", table_name="handovers")
    op.drop_index("ix_handovers_by_place", table_name="handovers")
    op.drop_table("handovers")
    op.drop_index("ix_facilitators_of_person", table_name="facilitators")
    op.drop_index("ix_facilitators_of_account", table_name="facilitators")
    op.drop_index("ix_facilitators_by_place", table_name="facilitators")
    op.drop_table("facilitators")
