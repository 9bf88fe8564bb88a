"""Committees (KPK-D, later TKPK): what a province or city set up against poverty, by decree, and which offices sit on it."""
