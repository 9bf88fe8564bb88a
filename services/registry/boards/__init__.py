"""Boards (BKM/LKM): the residents' own institution, its mandate and its elected officers."""
