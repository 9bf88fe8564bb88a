"""Facts: what registry and planning journaled, as the indicators and the notice board read it."""
