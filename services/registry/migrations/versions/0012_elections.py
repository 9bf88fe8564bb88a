"""elections."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "elections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "counted",
                "certified",
                "annulled",
                name="electionstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("ruleset", sa.String(length=40), nullable=False),
        sa.Column("ballots_from", sa.Date(), nullable=False),
        sa.Column("ballots_until", sa.Date(), nullable=False),
        sa.Column("meeting_on", sa.Date(), nullable=False),
        sa.Column("term_starts_on", sa.Date(), nullable=False),
        sa.Column("term_ends_on", sa.Date(), nullable=False),
        sa.Column("rt_count", sa.Integer(), nullable=False),
        sa.Column("names_per_ballot", sa.Integer(), nullable=False),
        sa.Column("committee_election_pokja", sa.Integer(), nullable=False),
        sa.Column("committee_statutes_pokja", sa.Integer(), nullable=False),
        sa.Column("committee_monitoring_pokja", sa.Integer(), nullable=False),
        sa.Column("committee_person_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("committee_chair_person_id", sa.Uuid(), nullable=True),
        sa.Column("committee_chair_resigned_on", sa.Date(), nullable=True),
        sa.Column("voters", sa.Integer(), nullable=True),
        sa.Column("eligible", sa.Integer(), nullable=True),
        sa.Column("term_id", sa.Uuid(), nullable=True),
        sa.Column("certified_on", sa.Date(), nullable=True),
        sa.Column("certification_reference", sa.String(length=200), nullable=True),
        sa.Column("annulled_on", sa.Date(), nullable=True),
        sa.Column("annulment_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_by", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint("(state = 'annulled') = (annulment_reason IS NOT NULL)", name=op.f("ck_elections_annulled")),
        sa.CheckConstraint("(state = 'certified') = (term_id IS NOT NULL)", name=op.f("ck_elections_certified")),
        sa.CheckConstraint(
            "(voters IS NULL) = (eligible IS NULL) AND voters <= eligible", name=op.f("ck_elections_turnout")
        ),
        sa.ForeignKeyConstraint(
            ["board_id", "kelurahan_code"],
            ["boards.id", "boards.kelurahan_code"],
            name=op.f("fk_elections_board_id_kelurahan_code"),
        ),
        sa.ForeignKeyConstraint(
            ["term_id", "kelurahan_code"],
            ["terms.id", "terms.kelurahan_code"],
            name=op.f("fk_elections_term_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elections")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_elections_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_elections_by_meeting", "elections", ["meeting_on", "id"], unique=False)
    op.create_index("ix_elections_by_place", "elections", ["kelurahan_code", "id"], unique=False)
    op.create_index("ix_elections_by_state", "elections", ["state", "id"], unique=False)
    op.create_index("ix_elections_of_board", "elections", ["board_id", "id"], unique=False)
    op.create_table(
        "ballots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("rt", sa.String(length=4), nullable=False),
        sa.Column("rw", sa.String(length=4), nullable=True),
        sa.Column("eligible_men", sa.Integer(), nullable=False),
        sa.Column("eligible_women", sa.Integer(), nullable=False),
        sa.Column("voters_men", sa.Integer(), nullable=False),
        sa.Column("voters_women", sa.Integer(), nullable=False),
        sa.Column("voters_poor", sa.Integer(), nullable=True),
        sa.Column(
            "voters_poor_missing",
            sa.Enum(
                "not_recorded",
                "list_lost",
                "no_poverty_list",
                name="poornotcounted",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("papers_valid", sa.Integer(), nullable=False),
        sa.Column("papers_invalid", sa.Integer(), nullable=False),
        sa.Column("papers_names", sa.Integer(), nullable=False),
        sa.Column("delegates_men", sa.Integer(), nullable=False),
        sa.Column("delegates_women", sa.Integer(), nullable=False),
        sa.Column("delegates_poor", sa.Integer(), nullable=True),
        sa.Column(
            "delegates_poor_missing",
            sa.Enum(
                "not_recorded",
                "list_lost",
                "no_poverty_list",
                name="delegatespoornotcounted",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("door_to_door", sa.Boolean(), nullable=False),
        sa.Column("handled_separately", sa.String(length=200), nullable=True),
        sa.Column("minutes_reference", sa.String(length=200), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column(
            "standing",
            sa.Enum(
                "waiting", "differs", "agreed", name="standing", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(voters_poor IS NULL) = (voters_poor_missing IS NOT NULL) AND (delegates_poor IS NULL) = (delegates_poor_missing IS NOT NULL)",
            name=op.f("ck_ballots_reasons"),
        ),
        sa.CheckConstraint("number IN (1, 2)", name=op.f("ck_ballots_two")),
        sa.CheckConstraint("papers_valid + papers_invalid = voters_men + voters_women", name=op.f("ck_ballots_papers")),
        sa.CheckConstraint(
            "voters_men BETWEEN 0 AND eligible_men AND voters_women BETWEEN 0 AND eligible_women",
            name=op.f("ck_ballots_voters"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id", "kelurahan_code"],
            ["elections.id", "elections.kelurahan_code"],
            name=op.f("fk_ballots_election_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_ballots_id_kelurahan_code")),
        sa.UniqueConstraint(
            "kelurahan_code",
            "election_id",
            "rt",
            "rw",
            "number",
            name=op.f("uq_ballots_kelurahan_code_election_id_rt_rw_number"),
            postgresql_nulls_not_distinct=True,
        ),
        info={"class": "community"},
    )
    op.create_index("ix_ballots_of_election", "ballots", ["election_id", "id"], unique=False)
    op.create_table(
        "delegates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("rt", sa.String(length=4), nullable=False),
        sa.Column("rw", sa.String(length=4), nullable=True),
        sa.Column(
            "sex",
            sa.Enum("female", "male", name="sex", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("poor", sa.Boolean(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["election_id", "kelurahan_code"],
            ["elections.id", "elections.kelurahan_code"],
            name=op.f("fk_delegates_election_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegates")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_delegates_id_kelurahan_code")),
        info={"class": "community"},
    )
    op.create_index("ix_delegates_of_election", "delegates", ["election_id", "id"], unique=False)
    op.create_table(
        "election_meetings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kelurahan_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("present_men", sa.Integer(), nullable=False),
        sa.Column("present_women", sa.Integer(), nullable=False),
        sa.Column("observers", sa.Integer(), nullable=False),
        sa.Column("members", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("member_records", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("minutes_reference", sa.String(length=200), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column(
            "standing",
            sa.Enum(
                "waiting", "differs", "agreed", name="standing", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number IN (1, 2)", name=op.f("ck_election_meetings_two")),
        sa.ForeignKeyConstraint(
            ["election_id", "kelurahan_code"],
            ["elections.id", "elections.kelurahan_code"],
            name=op.f("fk_election_meetings_election_id_kelurahan_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_meetings")),
        sa.UniqueConstraint("id", "kelurahan_code", name=op.f("uq_election_meetings_id_kelurahan_code")),
        sa.UniqueConstraint(
            "kelurahan_code",
            "election_id",
            "number",
            name=op.f("uq_election_meetings_kelurahan_code_election_id_number"),
        ),
        info={"class": "community"},
    )
    op.create_index("ix_election_meetings_of_election", "election_meetings", ["election_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_election_meetings_of_election", table_name="election_meetings")
    op.drop_table("election_meetings")
    op.drop_index("ix_delegates_of_election", table_name="delegates")
    op.drop_table("delegates")
    op.drop_index("ix_ballots_of_election", table_name="ballots")
    op.drop_table("ballots")
    op.drop_index("ix_elections_of_board", table_name="elections")
    op.drop_index("ix_elections_by_state", table_name="elections")
    op.drop_index("ix_elections_by_place", table_name="elections")
    op.drop_index("ix_elections_by_meeting", table_name="elections")
    op.drop_table("elections")
