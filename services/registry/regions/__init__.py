"""Regions through time: the official places of the country, what became of them, and their BPS codes."""
