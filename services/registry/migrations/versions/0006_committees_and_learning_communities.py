"""committees and learning communities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committees")),
        sa.UniqueConstraint("region_code", name=op.f("uq_committees_region_code")),
        info={"class": "regional"},
    )
    op.create_table(
        "learning_communities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("kelurahan", "city", name="communitykind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closed_on >= founded_on", name=op.f("ck_learning_communities_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_communities")),
        info={"class": "regional"},
    )
    op.create_index("ix_learning_communities_by_name", "learning_communities", ["name", "id"], unique=False)
    op.create_index("ix_learning_communities_by_region", "learning_communities", ["region_code", "id"], unique=False)
    op.create_index(
        "ix_learning_communities_by_words",
        "learning_communities",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "committee_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "poverty_strategy",
                "city_programme",
                "poverty_budget",
                "report",
                name="documentkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_committee_documents_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_documents")),
        info={"class": "regional"},
    )
    op.create_index(
        "ix_documents_of_committee", "committee_documents", ["committee_id", "dated_on", "id"], unique=False
    )
    op.create_table(
        "committee_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(length=200), nullable=False),
        sa.Column("office", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "chair",
                "deputy_chair",
                "secretary",
                "deputy_secretary",
                "member",
                name="committeerole",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_committee_members_order")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_committee_members_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_members")),
        info={"class": "regional"},
    )
    op.create_index("ix_members_of_committee", "committee_members", ["committee_id", "starts_on", "id"], unique=False)
    op.create_table(
        "decrees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "kpk_d", "tkpkd", "tkpk", name="committeekind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_decrees_order")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_decrees_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decrees")),
        info={"class": "regional"},
    )
    op.create_index(
        "ix_decrees_by_words",
        "decrees",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate(name, './-_@:&+,;()<>''\"', '                '))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("ix_decrees_of_committee", "decrees", ["committee_id", "starts_on", "id"], unique=False)
    op.create_table(
        "learning_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("learning_community_id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column(
            "form",
            sa.Enum(
                "discussion",
                "field_visit",
                "training",
                "mediation",
                name="sessionform",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("topics", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("attendance_total", sa.Integer(), nullable=False),
        sa.Column("women", sa.Integer(), nullable=True),
        sa.Column(
            "women_not_counted",
            sa.Enum(
                "not_recorded",
                "list_lost",
                name="womennotcounted",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("poor", sa.Integer(), nullable=True),
        sa.Column(
            "poor_not_counted",
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
        sa.Column("cases_mediated", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name=op.f("ck_learning_sessions_reasons"),
        ),
        sa.CheckConstraint("attendance_total >= 1", name=op.f("ck_learning_sessions_attendance")),
        sa.CheckConstraint("cases_mediated >= 0", name=op.f("ck_learning_sessions_cases")),
        sa.CheckConstraint(
            "women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total",
            name=op.f("ck_learning_sessions_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["learning_community_id"],
            ["learning_communities.id"],
            name=op.f("fk_learning_sessions_learning_community_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_sessions")),
        info={"class": "regional"},
    )
    op.create_index(
        "ix_learning_sessions_of_community",
        "learning_sessions",
        ["learning_community_id", "held_on", "id"],
        unique=False,
    )
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=13, collation="C"), nullable=False),
        sa.Column("learning_community_id", sa.Uuid(), nullable=False),
        sa.Column("learning_session_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.String(length=500), nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("creation_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["learning_community_id"], ["learning_communities.id"], name=op.f("fk_follow_ups_learning_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["learning_session_id"], ["learning_sessions.id"], name=op.f("fk_follow_ups_learning_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        info={"class": "regional"},
    )
    op.create_index("ix_follow_ups_of_community", "follow_ups", ["learning_community_id", "due_on", "id"], unique=False)
    op.create_index("ix_follow_ups_of_session", "follow_ups", ["learning_session_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_follow_ups_of_session", table_name="follow_ups")
    op.drop_index("ix_follow_ups_of_community", table_name="follow_ups")
    op.drop_table("follow_ups")
    op.drop_index("ix_learning_sessions_of_community", table_name="learning_sessions")
    op.drop_table("learning_sessions")
    op.drop_index("ix_decrees_of_committee", table_name="decrees")
    op.drop_index("ix_decrees_by_words", table_name="decrees", postgresql_using="gin")
    op.drop_table("decrees")
    op.drop_index("ix_members_of_committee", table_name="committee_members")
    op.drop_table("committee_members")
    op.drop_index("ix_documents_of_committee", table_name="committee_documents")
    op.drop_table("committee_documents")
    op.drop_index("ix_learning_communities_by_words", table_name="learning_communities", postgresql_using="gin")
    op.drop_index("ix_learning_communities_by_region", table_name="learning_communities")
    op.drop_index("ix_learning_communities_by_name", table_name="learning_communities")
    op.drop_table("learning_communities")
    op.drop_table("committees")
