"""Who may do what in monitoring, and whom it may ask, as types for route signatures."""

from typing import Annotated

from fastapi import Depends, Request

from services.monitoring.clients.registry import RegistryClient
from shared.permissions import Caller, Needs
from shared.storage import Storage

ComplaintReader = Annotated[Caller, Depends(Needs("monitoring:complaints:read"))]
ComplaintWriter = Annotated[Caller, Depends(Needs("monitoring:complaints:write"))]
IntegrityWriter = Annotated[Caller, Depends(Needs("monitoring:integrity:write"))]
ContactReader = Annotated[Caller, Depends(Needs("monitoring:complaints:approve"))]


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
