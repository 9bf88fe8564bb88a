"""Integrity: derived numbers computed anew, and whether that changed any."""
