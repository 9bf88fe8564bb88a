"""Plumbing that every service uses, with no word of the programme in it."""
