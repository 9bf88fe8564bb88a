"""Tokens: signing in, staying signed in, and the keys that prove it."""
