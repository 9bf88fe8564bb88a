"""The history of signing in as it goes out."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.sign_ins.rules import Outcome
from shared.lists import PageQuery


class SignInView(BaseModel):
    """One sign-in of an account or a program, good or refused; kept for ninety days."""

    id: UUID
    at: datetime
    outcome: Outcome
    client_id: str = Field(description="Through which application")
    origin: str = Field(
        description="The same for the same address and account, and nothing else: it cannot be turned back into an"
        " address, nor compared between accounts"
    )


class SignInQuery(PageQuery):
    """Filters of the history of signing in."""

    outcome: Outcome | None = None
