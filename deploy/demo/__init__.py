"""Three invented years of a real city, told through the public API alone."""
