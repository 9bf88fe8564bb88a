"""Pictures are noted before they are kept, so that those of which no photo came can be swept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picture_notes",
        sa.Column("digest", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_picture_notes")),
        info={"class": "local"},
    )
    op.create_index("ix_picture_notes_by_age", "picture_notes", ["noted_at"], unique=False)
    op.create_index("ix_photos_of_picture", "photos", ["digest"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_photos_of_picture", table_name="photos")
    op.drop_index("ix_picture_notes_by_age", table_name="picture_notes")
    op.drop_table("picture_notes")
