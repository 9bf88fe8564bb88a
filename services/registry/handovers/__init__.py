"""Handovers: kelurahan that pass from one facilitator to another, with what is in progress there."""
