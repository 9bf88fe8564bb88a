"""The services that monitoring calls."""
