"""Photos of complaints become attachments.

Their contents lie elsewhere from now on: see "Photos and papers" in the handbook for operators.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOVED = """
INSERT INTO attachments (id, region_code, subject_kind, subject_id, purpose, public, account_id, state, media_type, size,
    sha256, received, parts, digest, width, height, swept, version, creation_digest, recorded_at, changed_at)
SELECT photo.id, photo.kelurahan_code, 'complaints', photo.complaint_id, 'evidence', false,
    encode(substring(complaint.code_digest FOR 16), 'hex')::uuid, 'kept', photo.media_type, 0, photo.digest, 0, '{}',
    photo.digest, photo.width, photo.height, true, 1, decode(repeat('00', 32), 'hex'), photo.recorded_at, photo.recorded_at
FROM complaint_photos AS photo JOIN complaints AS complaint ON complaint.id = photo.complaint_id
"""
MOVED_BACK = """
WITH photo AS (
    DELETE FROM attachments WHERE subject_kind = 'complaints' AND state = 'kept' AND width IS NOT NULL RETURNING *
)
INSERT INTO complaint_photos (id, kelurahan_code, complaint_id, digest, media_type, width, height, recorded_at)
SELECT id, region_code, subject_id, digest, media_type, width, height, recorded_at FROM photo
"""


def upgrade() -> None:
    op.execute(MOVED)
    op.drop_index("ix_photos_of_complaint", table_name="complaint_photos")
    op.drop_table("complaint_photos")


def downgrade() -> None:
    op.create_table(
        "complaint_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id", "kelurahan_code"],
            ["complaints.id", "complaints.kelurahan_code"],
            name=op.f("fk_complaint_photos_complaint_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_photos")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_complaint_photos_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_photos_of_complaint", "complaint_photos", ["complaint_id", "recorded_at"], unique=False)
    op.execute(MOVED_BACK)
