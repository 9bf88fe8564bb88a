"""What is remembered of signing in: the tries that are slowed down, and each account's history."""
