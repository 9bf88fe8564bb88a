"""Invitations and passwords: how a person comes by the secret to sign in with, and changes it."""
