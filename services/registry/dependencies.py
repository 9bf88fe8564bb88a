"""Who may do what in registry, as types for route signatures."""

from typing import Annotated

from fastapi import Depends, Request

from shared.permissions import Caller, Needs
from shared.restricted import Restricted, Sight
from shared.vault import Vault


async def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


PersonalVault = Annotated[Vault, Depends(_vault)]
"""Opens and seals what names a person."""

RegionWriter = Annotated[Caller, Depends(Needs("registry:regions:write"))]
EnrolmentWriter = Annotated[Caller, Depends(Needs("registry:enrolments:write"))]
PersonalSight = Annotated[Sight, Depends(Restricted("registry:personal:read"), scope="function")]
"""Reads what names a person, unmasked for those who may; the entry of the reading is kept before the reply leaves."""

BoardWriter = Annotated[Caller, Depends(Needs("registry:boards:write"))]
ConsentReader = Annotated[Caller, Depends(Needs("registry:consents:read"))]
ConsentWriter = Annotated[Caller, Depends(Needs("registry:consents:write"))]
ElectionReader = Annotated[Caller, Depends(Needs("registry:elections:read"))]
ElectionWriter = Annotated[Caller, Depends(Needs("registry:elections:write"))]
ElectionApprover = Annotated[Caller, Depends(Needs("registry:elections:approve"))]
GroupReader = Annotated[Caller, Depends(Needs("registry:groups:read"))]
GroupWriter = Annotated[Caller, Depends(Needs("registry:groups:write"))]
CommitteeWriter = Annotated[Caller, Depends(Needs("registry:committees:write"))]
LearningWriter = Annotated[Caller, Depends(Needs("registry:learning:write"))]
PersonalReader = Annotated[Caller, Depends(Needs("registry:personal:read"))]
"""Who may see what names a person, where they serve."""

ResidentReader = Annotated[Caller, Depends(Needs("registry:residents:read"))]
ResidentWriter = Annotated[Caller, Depends(Needs("registry:residents:write"))]
DuplicateReader = Annotated[Caller, Depends(Needs("registry:duplicates:read"))]
DuplicateWriter = Annotated[Caller, Depends(Needs("registry:duplicates:write"))]
ErasureWriter = Annotated[Caller, Depends(Needs("registry:consents:write"))]
"""Who keeps residents' consents also does what they ask to be erased; a volunteer does not."""

VolunteerReader = Annotated[Caller, Depends(Needs("registry:volunteers:read"))]
VolunteerWriter = Annotated[Caller, Depends(Needs("registry:volunteers:write"))]
FacilitatorReader = Annotated[Caller, Depends(Needs("registry:facilitators:read"))]
FacilitatorWriter = Annotated[Caller, Depends(Needs("registry:facilitators:write"))]
PartnerApprover = Annotated[Caller, Depends(Needs("registry:partners:approve"))]
PartnerWriter = Annotated[Caller, Depends(Needs("registry:partners:write"))]
StandingReader = Annotated[Caller, Depends(Needs("registry:standings:read"))]
AccountReader = Annotated[Caller, Depends(Needs("registry:accounts:read"))]
AccountWriter = Annotated[Caller, Depends(Needs("registry:accounts:write"))]
Delegator = Annotated[Caller, Depends(Needs("registry:delegations:write"))]
EmergencyDeclarer = Annotated[Caller, Depends(Needs("registry:emergencies:write"))]
EmergencyTaker = Annotated[Caller, Depends(Needs("registry:readings:read", "registry:emergencies:approve"))]
"""Who takes note of an emergency; the second only where nobody of the first serves."""

EmergencyEnder = Annotated[
    Caller, Depends(Needs("registry:emergencies:write", "registry:readings:read", "registry:emergencies:approve"))
]
