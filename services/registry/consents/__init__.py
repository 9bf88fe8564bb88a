"""Consents: what residents, and boards for their groups, allow to be done with data about them, until they withdraw it."""
