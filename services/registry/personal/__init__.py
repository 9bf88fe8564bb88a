"""Personal: what names a person, in one table, each record sealed under a key of its own."""
