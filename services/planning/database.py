"""Planning's tables: the base of its models and the plumbing's own."""

from sqlalchemy.orm import DeclarativeBase

from shared.attachments import AttachmentItem
from shared.conflicts import sync_conflicts_table
from shared.exporting import exports_table
from shared.following import followed_table
from shared.importing import import_tables
from shared.jobs import jobs_table
from shared.journal import journal_tables
from shared.places import places_table
from shared.pulling import sync_scopes_table
from shared.tables import metadata
from shared.webhooks import webhook_tables
from shared.writing import idempotency_table


class Base(DeclarativeBase):
    """The base of every model in planning."""

    metadata = metadata()


places = places_table(Base.metadata)
journal_entries, journal_head, journal_signed_heads = journal_tables(Base.metadata)
jobs = jobs_table(Base.metadata)
imports, import_rows = import_tables(Base.metadata)
idempotency_keys = idempotency_table(Base.metadata)
exports = exports_table(Base.metadata)
webhooks, webhook_deliveries = webhook_tables(Base.metadata)
followed_journals = followed_table(Base.metadata)
sync_scopes, sync_conflicts = sync_scopes_table(Base.metadata), sync_conflicts_table(Base.metadata)


class Attachment(AttachmentItem, Base):
    """A photo or scanned paper of an item of planning."""
