"""Cycle: the meetings in which residents decide, with who attended."""
