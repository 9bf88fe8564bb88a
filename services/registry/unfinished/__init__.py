"""Unfinished: what registry itself knows to be under way in a kelurahan, counted, and where it is listed."""
