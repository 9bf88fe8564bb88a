"""Directory: copies of registry's rows, kept by following its journal."""
