"""Indicators: how each board does in each month, as numbers that carry their proof."""
