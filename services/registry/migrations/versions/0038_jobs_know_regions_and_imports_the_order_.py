"""Jobs know the regions of whoever asked for them, and imports the order of a file's columns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("imports", "headers", type_=postgresql.JSON(), existing_nullable=False)
    regions = sa.Column("regions", postgresql.ARRAY(sa.String(length=13, collation="C")), nullable=True)
    op.add_column("jobs", regions)
    # Of jobs so far only imports kept them; any other is shown to those who serve the nation alone.
    op.execute(
        "UPDATE jobs SET regions = ARRAY(SELECT jsonb_array_elements_text(imports.caller -> 'regions'))"
        " FROM imports WHERE imports.id = jobs.id"
    )
    op.execute("UPDATE jobs SET regions = '{*}' WHERE regions IS NULL")
    op.alter_column("jobs", "regions", nullable=False)


def downgrade() -> None:
    op.drop_column("jobs", "regions")
    op.alter_column("imports", "headers", type_=postgresql.JSONB(), existing_nullable=False)
