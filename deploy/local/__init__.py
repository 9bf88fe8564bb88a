"""The whole house on one machine: PostgreSQL, services, workers and gateway behind one command."""
