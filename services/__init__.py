"""The three services of Tridaya."""
