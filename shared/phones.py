"""How a telephone number is written down."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"\(?\+?\(?(?:[0-9][ ()./-]*){5,}")


def _with_digits(phone: str) -> str:
    if not _NUMBER.fullmatch(phone):
        kind = "no_phone"
        raise PydanticCustomError(kind, kind)
    return phone


Phone = Annotated[str, Field(max_length=30), AfterValidator(_with_digits)]
"""Digits with the signs that people put between them, kept as they were told."""
