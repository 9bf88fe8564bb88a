"""Delegations: work on a board's records that the board lets another person do for a while."""
