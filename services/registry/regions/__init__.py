"""Regions: the official places of the country, from the Kemendagri list."""
