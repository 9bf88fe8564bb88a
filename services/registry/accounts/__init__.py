"""Accounts and clients: who signs in, with which roles and in which regions."""
