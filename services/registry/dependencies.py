"""Who may do what in registry, as types for route signatures."""

from typing import Annotated

from fastapi import Depends

from shared.permissions import Caller, Needs

BoardWriter = Annotated[Caller, Depends(Needs("registry:boards:write"))]
GroupReader = Annotated[Caller, Depends(Needs("registry:groups:read"))]
GroupWriter = Annotated[Caller, Depends(Needs("registry:groups:write"))]
PartnerWriter = Annotated[Caller, Depends(Needs("registry:partners:write"))]
AccountReader = Annotated[Caller, Depends(Needs("registry:accounts:read"))]
AccountWriter = Annotated[Caller, Depends(Needs("registry:accounts:write"))]
