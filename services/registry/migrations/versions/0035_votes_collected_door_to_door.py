"""Votes collected door to door, kept apart from those of voters who attended."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

WAYS = ("attending_men", "attending_women", "collected_men", "collected_women")


def upgrade() -> None:
    # Of sheets that only say that votes were collected nobody knows how many: they stay null.
    for name in WAYS:
        op.add_column("ballots", sa.Column(name, sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_ballots_ways"),
        "ballots",
        "num_nulls(attending_men, attending_women, collected_men, collected_women) IN (0, 4)"
        " AND (door_to_door OR attending_men IS NULL)"
        " AND attending_men + collected_men = voters_men AND attending_women + collected_women = voters_women"
        " AND least(attending_men, attending_women, collected_men, collected_women) >= 0",
    )
    op.add_column("elections", sa.Column("collected", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE elections SET collected = 0 WHERE voters IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM ballots WHERE ballots.election_id = elections.id AND number = 1 AND door_to_door)"
    )
    op.create_check_constraint(
        op.f("ck_elections_collected"),
        "elections",
        "collected IS NULL OR collected BETWEEN 0 AND voters AND voters IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_elections_collected"), "elections")
    op.drop_column("elections", "collected")
    op.drop_constraint(op.f("ck_ballots_ways"), "ballots")
    for name in WAYS:
        op.drop_column("ballots", name)
