"""boards through their life."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "organ",
            sa.Enum(
                "secretariat",
                "upk",
                "upl",
                "ups",
                "supervisors",
                "advisers",
                name="organ",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "role",
            sa.Enum(
                "manager",
                "bookkeeper",
                "cashier",
                "staff",
                "member",
                name="organrole",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("minutes_reference", sa.String(length=200), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_appointments_order")),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_appointments_board_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_appointments_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_appointments_by_person", "appointments", ["person_id", "board_id"], unique=False)
    op.create_index("ix_appointments_of_board", "appointments", ["board_id", "id"], unique=False)
    op.create_table(
        "board_names",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("minutes_reference", sa.String(length=200), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_board_names_board_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_names")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_board_names_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index(
        "ix_board_names_by_words",
        "board_names",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("ix_names_of_board", "board_names", ["board_id", "starts_on"], unique=False)
    op.create_table(
        "legal_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column(
            "legal_status",
            sa.Enum(
                "none",
                "waarmerking",
                "akta_notaris",
                "badan_hukum",
                name="legalstatus",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("deed_number", sa.String(length=100), nullable=True),
        sa.Column("notary", sa.String(length=200), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_legal_records_board_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_records")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_legal_records_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_legal_records_of_board", "legal_records", ["board_id", "starts_on"], unique=False)
    op.create_table(
        "statutes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("articles", "bylaws", name="statutekind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("adopted_on", sa.Date(), nullable=False),
        sa.Column("minutes_reference", sa.String(length=200), nullable=False),
        sa.Column("notarised_on", sa.Date(), nullable=True),
        sa.Column("notary", sa.String(length=200), nullable=True),
        sa.Column("deed_number", sa.String(length=100), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("term_years", sa.Integer(), nullable=True),
        sa.Column("most_periods", sa.Integer(), nullable=True),
        sa.Column("doubling_forbidden", sa.Boolean(), nullable=True),
        sa.Column("refresh_allowed", sa.Boolean(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("notarised_on >= adopted_on", name=op.f("ck_statutes_notarised")),
        sa.CheckConstraint("seats >= 1 AND term_years >= 1 AND most_periods >= 1", name=op.f("ck_statutes_rules")),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_statutes_board_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statutes")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_statutes_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_statutes_of_board", "statutes", ["board_id", "adopted_on", "id"], unique=False)
    op.add_column("boards", sa.Column("mandate_until", sa.Date(), nullable=True))
    op.add_column("boards", sa.Column("dissolved_on", sa.Date(), nullable=True))
    op.add_column("boards", sa.Column("dissolution_minutes", sa.String(length=200), nullable=True))
    op.drop_index(op.f("ix_boards_by_words"), table_name="boards", postgresql_using="gin")
    op.create_index(
        "ix_boards_by_mandate",
        "boards",
        [sa.literal_column("coalesce(mandate_until, '9999-12-31'::date)"), "id"],
        unique=False,
    )
    op.add_column(
        "officers",
        sa.Column(
            "left_because",
            sa.Enum(
                "changed_position",
                "resigned",
                "died",
                "moved_away",
                "recalled",
                "other",
                name="departure",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.add_column("officers", sa.Column("minutes_reference", sa.String(length=200), nullable=True))
    op.add_column("officers", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("officers", sa.Column("ends_on", sa.Date(), nullable=True))
    op.create_index("ix_officers_by_person", "officers", ["person_id", "board_id"], unique=False)
    op.create_index("ix_officers_of_board", "officers", ["board_id", "id"], unique=False)
    op.execute("UPDATE officers SET starts_on = terms.starts_on FROM terms WHERE terms.id = officers.term_id")
    op.alter_column("officers", "starts_on", nullable=False)
    op.execute("UPDATE boards SET mandate_until = (SELECT max(ends_on) FROM terms WHERE terms.board_id = boards.id)")
    # What a board is called and how it stands before the law was known without a day: taken from its founding on.
    op.execute(
        "INSERT INTO board_names"
        " (id, kelurahan_code, board_id, name, starts_on, version, creation_digest, recorded_at, changed_at)"
        " SELECT gen_random_uuid(), kelurahan_code, id, name, founded_on, 1, creation_digest, recorded_at, changed_at"
        " FROM boards"
    )
    op.execute(
        "INSERT INTO legal_records (id, kelurahan_code, board_id, legal_status, starts_on, deed_number,"
        " version, creation_digest, recorded_at, changed_at)"
        " SELECT gen_random_uuid(), kelurahan_code, id, legal_status, founded_on, deed_number,"
        " 1, creation_digest, recorded_at, changed_at FROM boards WHERE legal_status <> 'none'"
    )
    # A deed number without a status could be written until now; it says nothing.
    op.execute("UPDATE boards SET deed_number = NULL WHERE legal_status = 'none'")
    op.create_check_constraint(
        op.f("ck_boards_dissolution"), "boards", "(dissolved_on IS NULL) = (dissolution_minutes IS NULL)"
    )
    op.create_check_constraint(op.f("ck_boards_life"), "boards", "dissolved_on >= founded_on")
    op.create_check_constraint(op.f("ck_officers_order"), "officers", "ends_on >= starts_on")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_officers_order"), "officers")
    op.drop_constraint(op.f("ck_boards_life"), "boards")
    op.drop_constraint(op.f("ck_boards_dissolution"), "boards")
    op.drop_index("ix_officers_of_board", table_name="officers")
    op.drop_index("ix_officers_by_person", table_name="officers")
    op.drop_column("officers", "ends_on")
    op.drop_column("officers", "starts_on")
    op.drop_column("officers", "minutes_reference")
    op.drop_column("officers", "left_because")
    op.drop_index("ix_boards_by_mandate", table_name="boards")
    op.create_index(
        op.f("ix_boards_by_words"),
        "boards",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name::text, './-_@:&+,;()<>''\"'::text, '                '::text))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.drop_column("boards", "dissolution_minutes")
    op.drop_column("boards", "dissolved_on")
    op.drop_column("boards", "mandate_until")
    op.drop_index("ix_statutes_of_board", table_name="statutes")
    op.drop_table("statutes")
    op.drop_index("ix_legal_records_of_board", table_name="legal_records")
    op.drop_table("legal_records")
    op.drop_index("ix_names_of_board", table_name="board_names")
    op.drop_index("ix_board_names_by_words", table_name="board_names", postgresql_using="gin")
    op.drop_table("board_names")
    op.drop_index("ix_appointments_of_board", table_name="appointments")
    op.drop_index("ix_appointments_by_person", table_name="appointments")
    op.drop_table("appointments")
