"""Mapping: what a neighbourhood's self-survey (PS) found, down to the root causes."""
