"""Who may do what in planning, and whom it may ask, as types for route signatures."""

from typing import Annotated

from fastapi import Depends, Request

from services.planning.clients.registry import RegistryClient
from shared.permissions import Caller, Needs

ProblemWriter = Annotated[Caller, Depends(Needs("planning:mapping:write"))]
PlanWriter = Annotated[Caller, Depends(Needs("planning:plans:write"))]
PlanApprover = Annotated[Caller, Depends(Needs("planning:plans:approve"))]
ActivityWriter = Annotated[Caller, Depends(Needs("planning:activities:write"))]


async def _registry(request: Request) -> RegistryClient:
    client: RegistryClient = request.app.state.registry
    return client


Registry = Annotated[RegistryClient, Depends(_registry)]
"""Registry itself, for a write that is about to be refused because of a copied fact."""
