"""Composition: whom a board is made of, beside the people it stands for; evidence of elite capture, as numbers."""
