"""what an account may from one day to another."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authorities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.String(length=13)), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_authorities_order")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_authorities_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorities")),
        info={"class": "reference"},
    )
    op.create_index("ix_authorities_of_account", "authorities", ["account_id", "starts_on"], unique=False)
    op.alter_column("accounts", "password_hash", existing_type=sa.VARCHAR(length=200), nullable=True)
    op.execute(
        "INSERT INTO authorities (id, account_id, roles, regions, starts_on, version, creation_digest, recorded_at,"
        " changed_at) SELECT gen_random_uuid(), id, roles, regions, (recorded_at AT TIME ZONE 'Asia/Jakarta')::date, 1,"
        " '', recorded_at, changed_at FROM accounts"
    )
    op.drop_column("accounts", "regions")
    op.drop_column("accounts", "roles")


def downgrade() -> None:
    for name, kind in (("roles", sa.VARCHAR(length=40)), ("regions", sa.VARCHAR(length=13))):
        op.add_column("accounts", sa.Column(name, postgresql.ARRAY(kind), nullable=True))
    op.execute(
        "UPDATE accounts SET roles = held.roles, regions = held.regions FROM (SELECT DISTINCT ON (account_id)"
        " account_id, roles, regions FROM authorities WHERE revoked_at IS NULL ORDER BY account_id, starts_on DESC) AS"
        " held WHERE held.account_id = accounts.id"
    )
    op.execute("UPDATE accounts SET roles = '{}', regions = '{}', suspended = true WHERE roles IS NULL")
    op.execute("UPDATE accounts SET password_hash = '' WHERE password_hash IS NULL")
    for name in ("roles", "regions"):
        op.alter_column("accounts", name, nullable=False)
    op.alter_column("accounts", "password_hash", existing_type=sa.VARCHAR(length=200), nullable=False)
    op.drop_index("ix_authorities_of_account", table_name="authorities")
    op.drop_table("authorities")
