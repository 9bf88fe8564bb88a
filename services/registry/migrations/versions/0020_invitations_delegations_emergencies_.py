"""invitations delegations emergencies secrets and sign ins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "disaster",
                "health",
                "violence",
                "search",
                "law",
                "other",
                name="emergencykind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_emergencies_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_emergencies_by_place", "emergencies", ["kelurahan_code", "id"], unique=False)
    op.create_index(
        "ix_emergencies_ended", "emergencies", ["ended_at"], unique=False, postgresql_where="ended_at IS NOT NULL"
    )
    op.create_index("ix_emergencies_of_account", "emergencies", ["account_id", "expires_at"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "signed_in",
                "password_wrong",
                "suspended",
                "no_authority",
                "scope_refused",
                "refresh_reused",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        info={"class": "local"},
    )
    op.create_index("ix_sign_ins_age", "sign_ins", ["at"], unique=False)
    op.create_index("ix_sign_ins_of_account", "sign_ins", ["account_id", "id"], unique=False)
    op.create_table(
        "client_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_secrets_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_secrets")),
        info={"class": "reference"},
    )
    op.create_index("ix_secrets_of_client", "client_secrets", ["client_id", "id"], unique=False)
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("delegator_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_delegations_order")),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_delegations_board_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_delegations_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_delegations_by_place", "delegations", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_delegations_of_board", "delegations", ["board_id", "id"], unique=False)
    op.create_index("ix_delegations_to_account", "delegations", ["account_id", "ends_on"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_invitations_code_digest")),
        info={"class": "reference"},
    )
    op.create_index("ix_invitations_of_account", "invitations", ["account_id", "id"], unique=False)
    op.execute(
        "INSERT INTO client_secrets (id, client_id, secret_hash, version, creation_digest, recorded_at, changed_at)"
        " SELECT gen_random_uuid(), id, secret_hash, 1, '', recorded_at, changed_at FROM clients"
    )
    op.drop_column("clients", "secret_hash")
    op.add_column("refresh_tokens", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE refresh_tokens SET started_at = issued_at")
    op.alter_column("refresh_tokens", "started_at", nullable=False)
    op.alter_column("refresh_tokens", "scopes", existing_type=postgresql.ARRAY(sa.VARCHAR(length=60)), nullable=True)
    op.create_index("ix_refresh_tokens_of_account", "refresh_tokens", ["account_id", "family"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_of_account", table_name="refresh_tokens")
    op.execute("DELETE FROM refresh_tokens WHERE scopes IS NULL")
    op.alter_column("refresh_tokens", "scopes", existing_type=postgresql.ARRAY(sa.VARCHAR(length=60)), nullable=False)
    op.drop_column("refresh_tokens", "started_at")
    op.add_column("clients", sa.Column("secret_hash", sa.VARCHAR(length=200), nullable=True))
    op.execute(
        "UPDATE clients SET secret_hash = COALESCE((SELECT secret_hash FROM client_secrets WHERE client_id = clients.id"
        " AND retired_at IS NULL ORDER BY id DESC LIMIT 1), '')"
    )
    op.alter_column("clients", "secret_hash", nullable=False)
    op.drop_index("ix_invitations_of_account", table_name="invitations")
    op.drop_table("invitations")
    op.drop_index("ix_delegations_to_account", table_name="delegations")
    op.drop_index("ix_delegations_of_board", table_name="delegations")
    op.drop_index("ix_delegations_by_place", table_name="delegations")
    op.drop_table("delegations")
    op.drop_index("ix_secrets_of_client", table_name="client_secrets")
    op.drop_table("client_secrets")
    op.drop_index("ix_sign_ins_of_account", table_name="sign_ins")
    op.drop_index("ix_sign_ins_age", table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_emergencies_of_account", table_name="emergencies")
    op.drop_index("ix_emergencies_ended", table_name="emergencies", postgresql_where="ended_at IS NOT NULL")
    op.drop_index("ix_emergencies_by_place", table_name="emergencies")
    op.drop_table("emergencies")
