"""Plans: the neighbourhood's poverty plan (PJM Pronangkis), drafted, then ratified by residents."""
