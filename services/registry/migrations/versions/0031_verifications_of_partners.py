"""Verifications of partners as dated rows; of those before, the one that stands is known."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
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
            nullable=False,
        ),
        sa.Column("evidence_reference", sa.String(length=200), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum(
                "replaced",
                "identity_changed",
                "evidence_false",
                "evidence_revoked",
                "dissolved",
                "misconduct",
                "mistaken",
                name="verificationend",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("ended_reference", sa.String(length=200), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_because IS NULL)", name=op.f("ck_partner_verifications_ended")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_verifications_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_verifications")),
        info={"class": "reference"},
    )
    op.create_index("ix_verifications_of_partner", "partner_verifications", ["partner_id", "id"], unique=False)
    op.execute(
        "INSERT INTO partner_verifications (id, partner_id, verified_on, evidence, evidence_reference, expires_on,"
        " version, creation_digest, recorded_at, changed_at)"
        " SELECT gen_random_uuid(), id, verified_on, evidence, evidence_reference, expires_on, 1, '', changed_at, changed_at"
        " FROM partners WHERE verified_on IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_verifications_of_partner", table_name="partner_verifications")
    op.drop_table("partner_verifications")
