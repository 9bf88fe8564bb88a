"""Clients: the programs that sign in by themselves, and the secrets they prove it with."""
