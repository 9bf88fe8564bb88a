"""Registry: who is here."""
