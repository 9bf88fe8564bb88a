"""Who may do what in planning, and whom it may ask, as types for route signatures."""

from typing import Annotated

from fastapi import Depends, Request

from services.planning.clients.registry import RegistryClient
from shared.permissions import Caller, Needs
from shared.storage import Storage

ProblemWriter = Annotated[Caller, Depends(Needs("planning:mapping:write"))]
PlanWriter = Annotated[Caller, Depends(Needs("planning:plans:write"))]
PlanApprover = Annotated[Caller, Depends(Needs("planning:plans:approve"))]
ActivityWriter = Annotated[Caller, Depends(Needs("planning:activities:write"))]
ActivityApprover = Annotated[Caller, Depends(Needs("planning:activities:approve"))]
ChannelingWriter = Annotated[Caller, Depends(Needs("planning:channeling:write"))]
OfferWriter = Annotated[Caller, Depends(Needs("planning:offers:write"))]
Dealer = Annotated[Caller, Depends(Needs("planning:channeling:write", "planning:offers:write"))]
"""Either side of an agreement: a board's officer, or somebody who speaks for a partner."""


async def _registry(request: Request) -> RegistryClient:
    client: RegistryClient = request.app.state.registry
    return client


async def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


Registry = Annotated[RegistryClient, Depends(_registry)]
"""Registry itself, for a write that is about to be refused because of a copied fact."""

Files = Annotated[Storage, Depends(_storage)]
"""Where photos are kept."""
