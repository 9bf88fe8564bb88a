"""Groups (KSM): residents with a common bond who do the work together."""
