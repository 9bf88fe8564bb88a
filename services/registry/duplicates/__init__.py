"""Duplicates: residents who may be recorded twice, laid side by side, merged, parted again or told apart."""
