"""imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("faults", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(verdict IN ('waiting', 'refused')) = (sealed IS NOT NULL)", name=op.f("ck_import_rows_sealed")
        ),
        sa.CheckConstraint(
            "verdict IN ('waiting', 'accepted', 'existing', 'refused', 'withdrawn')",
            name=op.f("ck_import_rows_verdict"),
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_rows")),
        info={"class": "local"},
    )
    op.create_index("ix_import_rows_by_verdict", "import_rows", ["import_id", "verdict", "number"], unique=False)
    op.create_index(
        "ix_import_rows_waiting",
        "import_rows",
        ["import_id", "chunk"],
        unique=False,
        postgresql_where="verdict = 'waiting'",
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("caller", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("existing", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('check', 'commit')", name=op.f("ck_imports_mode")),
        sa.CheckConstraint(
            "waiting + accepted + existing + refused + withdrawn = rows", name=op.f("ck_imports_counted")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        info={"class": "local"},
    )
    op.create_index("ix_imports_of_account", "imports", ["account", "id"], unique=False)
    op.create_index("ix_imports_recorded_at", "imports", ["recorded_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_imports_recorded_at", table_name="imports")
    op.drop_index("ix_imports_of_account", table_name="imports")
    op.drop_table("imports")
    op.drop_index("ix_import_rows_waiting", table_name="import_rows", postgresql_where="verdict = 'waiting'")
    op.drop_index("ix_import_rows_by_verdict", table_name="import_rows")
    op.drop_table("import_rows")
