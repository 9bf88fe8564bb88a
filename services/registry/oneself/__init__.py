"""Oneself: one's own account, what this token opens and what waits for one."""
