"""Monitoring: how open and how answerable the institutions are."""
