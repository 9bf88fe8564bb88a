"""Households and residents: who lives where and since when, and which households the community calls poor (PS-2)."""
