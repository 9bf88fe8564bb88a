"""import rows in chunks."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_rows", sa.Column("chunk", sa.Integer(), nullable=True))
    # Rows of files that were under way: as many at once as before.
    op.execute("UPDATE import_rows SET chunk = number / 500")
    op.alter_column("import_rows", "chunk", nullable=False)
    op.create_index(
        "ix_import_rows_waiting",
        "import_rows",
        ["import_id", "chunk"],
        unique=False,
        postgresql_where="verdict = 'waiting'",
    )


def downgrade() -> None:
    op.drop_index("ix_import_rows_waiting", table_name="import_rows", postgresql_where="verdict = 'waiting'")
    op.drop_column("import_rows", "chunk")
