"""How a telephone number is written down."""

from typing import Annotated

from pydantic import StringConstraints

Phone = Annotated[str, StringConstraints(pattern=r"^[(+]?[0-9][0-9 ()./-]{4,28}$", max_length=30)]
"""Digits with the signs that people put between them, kept as they were told."""
