"""Complaints (PPM): filed without sign-in, followed by a code, answered without those accused."""
