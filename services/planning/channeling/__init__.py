"""Channeling: what a plan still lacks, whom it wins for that, and money that both sides confirm."""
