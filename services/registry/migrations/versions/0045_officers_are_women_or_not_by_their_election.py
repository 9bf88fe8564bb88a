"""Officers are women or not by the sheet of their certified election."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# Both tallies of the sheet agree; the id of a member was told in one of them, or is that of the first one's record.
SAID = """
UPDATE officers SET woman = member ->> 'sex' = 'female'
FROM terms
JOIN election_meetings AS meeting ON meeting.election_id = terms.election_id AND meeting.standing = 'agreed'
CROSS JOIN LATERAL jsonb_array_elements(meeting.members) AS member
WHERE officers.term_id = terms.id AND officers.starts_on = terms.starts_on AND officers.creation_digest <> ''
    AND officers.person_id::text IN (member ->> 'person_id', member ->> 'record_id')
"""


def upgrade() -> None:
    op.add_column("officers", sa.Column("woman", sa.Boolean(), nullable=True))
    op.execute(SAID)


def downgrade() -> None:
    op.drop_column("officers", "woman")
