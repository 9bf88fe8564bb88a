"""Tables of tries and of what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.sign_ins.rules import Outcome
from shared.tables import choice, local, serves


class SignInFailures(Base):
    """Failed sign-ins of one account or address, by a keyed digest."""

    __tablename__ = "sign_in_failures"
    __table_args__ = local(serves("sign_in_failures_age", "last_at"))

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    paused_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SignIn(Base):
    """One sign-in of an account, good or refused. The address is a short keyed digest that differs with the account."""

    __tablename__ = "sign_ins"
    __table_args__ = local(serves("sign_ins_of_account", "account_id", "id"), serves("sign_ins_age", "at"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[Outcome] = choice(Outcome)
    client_id: Mapped[str] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(12))
