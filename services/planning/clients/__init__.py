"""The services that planning calls."""
