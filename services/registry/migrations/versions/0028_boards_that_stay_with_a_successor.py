"""Boards that stay with a successor."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("boards", sa.Column("seat_code", sa.String(length=13, collation="C"), nullable=True))
    op.execute("UPDATE boards SET seat_code = kelurahan_code")
    op.alter_column("boards", "seat_code", nullable=False)
    op.add_column("boards", sa.Column("seat_since", sa.Date(), nullable=True))
    op.add_column("boards", sa.Column("seat_minutes", sa.String(length=200), nullable=True))
    op.create_check_constraint(op.f("ck_boards_seat"), "boards", "(seat_since IS NULL) = (seat_minutes IS NULL)")
    op.drop_index(op.f("ix_boards_by_place"), table_name="boards")
    op.create_index("ix_boards_by_place", "boards", ["seat_code", "id"], unique=False)
    op.drop_constraint(op.f("fk_consents_board_id_kelurahan_code"), "consents", type_="foreignkey")
    op.drop_constraint(op.f("fk_delegations_board_id_kelurahan_code"), "delegations", type_="foreignkey")
    op.drop_constraint(op.f("fk_elections_term_id_kelurahan_code"), "elections", type_="foreignkey")
    op.drop_constraint(op.f("fk_elections_board_id_kelurahan_code"), "elections", type_="foreignkey")
    op.drop_constraint(op.f("fk_groups_board_id_kelurahan_code"), "groups", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        op.f("fk_groups_board_id_kelurahan_code"),
        "groups",
        "boards",
        ["board_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.create_foreign_key(
        op.f("fk_elections_board_id_kelurahan_code"),
        "elections",
        "boards",
        ["board_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.create_foreign_key(
        op.f("fk_elections_term_id_kelurahan_code"),
        "elections",
        "terms",
        ["term_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.create_foreign_key(
        op.f("fk_delegations_board_id_kelurahan_code"),
        "delegations",
        "boards",
        ["board_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.create_foreign_key(
        op.f("fk_consents_board_id_kelurahan_code"),
        "consents",
        "boards",
        ["board_id", "kelurahan_code"],
        ["id", "kelurahan_code"],
    )
    op.drop_index("ix_boards_by_place", table_name="boards")
    op.create_index(op.f("ix_boards_by_place"), "boards", ["kelurahan_code", "id"], unique=False)
    op.drop_column("boards", "seat_minutes")
    op.drop_column("boards", "seat_since")
    op.drop_column("boards", "seat_code")
