"""How a person's name is written down."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _with_a_letter(name: str) -> str:
    if not any(one.isalpha() for one in name):
        kind = "no_letter"
        raise PydanticCustomError(kind, kind)
    return name


PersonName = Annotated[str, AfterValidator(_with_a_letter)]
"""A person's name: `0`, `-` and `123`, which old books hold where nobody asked, are none."""
