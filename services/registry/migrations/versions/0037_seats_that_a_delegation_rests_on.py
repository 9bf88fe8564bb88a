"""Seats and minutes that a delegation rests on."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delegations", sa.Column("officer_id", sa.Uuid(), nullable=True))
    op.add_column(
        "delegations",
        sa.Column(
            "seat",
            sa.Enum(
                "officer",
                "appointment",
                "membership",
                "volunteer",
                name="seat",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
    )
    op.add_column("delegations", sa.Column("seat_id", sa.Uuid(), nullable=True))
    op.add_column("delegations", sa.Column("minutes_reference", sa.String(length=200), nullable=True))
    op.create_check_constraint(
        op.f("ck_delegations_seats"),
        "delegations",
        "(seat IS NULL) = (seat_id IS NULL) AND (seat IS NULL) = (officer_id IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_delegations_seats"), "delegations")
    op.drop_column("delegations", "minutes_reference")
    op.drop_column("delegations", "seat_id")
    op.drop_column("delegations", "seat")
    op.drop_column("delegations", "officer_id")
