"""Planning: what the neighbourhoods do, and with which money."""
