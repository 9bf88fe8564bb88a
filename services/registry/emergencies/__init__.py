"""Emergencies: break-the-glass, restricted reading for an hour, with a reason, before the eyes of the supervisors."""
