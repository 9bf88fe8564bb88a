"""Erasures: one act after which nothing names a person any more, whichever slices knew them."""
