"""Organs: who comes and goes at a board between elections, who works for it, and the statutes both stand under."""
