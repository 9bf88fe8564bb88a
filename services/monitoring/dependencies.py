"""Who may do what in monitoring, and whom it may ask, as types for route signatures."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from services.monitoring.clients.registry import RegistryClient
from shared.permissions import Caller, Needs

ComplaintReader = Annotated[Caller, Depends(Needs("monitoring:complaints:read"))]
ComplaintWriter = Annotated[Caller, Depends(Needs("monitoring:complaints:write"))]
IntegrityWriter = Annotated[Caller, Depends(Needs("monitoring:integrity:write"))]
ContactReader = Annotated[Caller, Depends(Needs("monitoring:complaints:approve"))]


async def _registry(request: Request) -> RegistryClient:
    client: RegistryClient = request.app.state.registry
    return client


async def _files(request: Request) -> Path:
    folder: Path = request.app.state.settings.files_folder
    return folder


Registry = Annotated[RegistryClient, Depends(_registry)]
"""Registry itself, for a write that is about to be refused because of a copied fact."""

Files = Annotated[Path, Depends(_files)]
"""The folder that keeps photos."""
