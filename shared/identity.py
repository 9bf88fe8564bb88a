"""Identity: UUID version 7, made here or accepted from a client that was offline."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """Return a UUID version 7; ids made later sort later."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
