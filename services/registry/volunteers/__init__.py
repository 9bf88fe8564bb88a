"""Volunteers (relawan): residents who give their time to the cycle, counted by what they do."""
