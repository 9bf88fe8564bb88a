"""How the house is put up: the gateway's configuration and what runs everything on one machine."""
