"""Roles and the scopes they carry; four eyes are judged elsewhere, from who touched what."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is in the programme."""

    VOLUNTEER = "volunteer"
    GROUP_OFFICER = "group_officer"
    BOARD_OFFICER = "board_officer"
    SUPERVISOR = "supervisor"
    FACILITATOR = "facilitator"
    CITY_COORDINATOR = "city_coordinator"
    CITY_COMMITTEE = "city_committee"
    GOVERNMENT = "government"
    AUDITOR = "auditor"
    PARTNER = "partner"
    PROGRAMME_MANAGER = "programme_manager"
    OPERATOR = "operator"


READS = frozenset(
    {
        "registry:boards:read",
        "registry:groups:read",
        "registry:residents:read",
        "registry:elections:read",
        "registry:volunteers:read",
        "registry:facilitators:read",
        "registry:consents:read",
        "registry:journal:read",
        "planning:mapping:read",
        "planning:plans:read",
        "planning:activities:read",
        "planning:channeling:read",
        "planning:journal:read",
        "monitoring:values:read",
        "monitoring:journal:read",
    }
)
SURVEY = {"registry:residents:write", "registry:volunteers:write", "planning:mapping:write"}
"""The work of those who survey their own kelurahan."""

PERSONAL = {"registry:personal:read", "registry:duplicates:read"}
"""Names, addresses and phones of residents, where somebody serves; the NIK has a scope of its own."""

BOARD_WORK = (
    READS
    | SURVEY
    | PERSONAL
    | {
        "registry:boards:write",
        "registry:groups:write",
        "registry:consents:write",
        "registry:duplicates:write",
        "registry:elections:write",
        "registry:learning:write",
        "registry:delegations:write",
        "planning:plans:write",
        "planning:activities:write",
        "planning:channeling:write",
        "monitoring:complaints:read",
        "monitoring:complaints:write",
    }
)
FACILITATION = (BOARD_WORK - {"registry:delegations:write"}) | {
    "registry:elections:approve",
    "registry:enrolments:write",
    "registry:emergencies:write",
    "planning:plans:approve",
    "planning:activities:approve",
}
CITY = {
    "registry:committees:write",
    "registry:facilitators:write",
    "registry:learning:write",
    "registry:partners:approve",
}
"""What is kept for a whole city."""

SCOPES: dict[Role, frozenset[str]] = {
    Role.VOLUNTEER: READS | SURVEY | {"registry:elections:write"},
    Role.GROUP_OFFICER: READS | {"planning:activities:write"},
    Role.BOARD_OFFICER: BOARD_WORK,
    Role.SUPERVISOR: READS
    | {
        "registry:elections:approve",
        "registry:readings:read",
        "planning:plans:approve",
        "planning:activities:approve",
        "monitoring:complaints:read",
    },
    Role.FACILITATOR: FACILITATION,
    Role.CITY_COORDINATOR: FACILITATION
    | CITY
    | {"registry:nik:read", "registry:partners:write", "monitoring:complaints:approve"},
    Role.CITY_COMMITTEE: READS
    | {
        "registry:elections:approve",
        "planning:plans:approve",
        "planning:activities:approve",
        "monitoring:complaints:read",
        "monitoring:complaints:approve",
    },
    Role.GOVERNMENT: READS
    | {
        "planning:plans:approve",
        "planning:activities:approve",
    },
    Role.AUDITOR: READS
    | PERSONAL
    | {"registry:nik:read", "registry:readings:read", "monitoring:complaints:read", "monitoring:integrity:write"},
    Role.PARTNER: frozenset({"planning:offers:write"}),
    Role.PROGRAMME_MANAGER: READS
    | {
        "registry:regions:write",
        "registry:programmes:write",
        "registry:enrolments:write",
        "registry:partners:approve",
        "registry:partners:write",
        "monitoring:integrity:write",
    },
    Role.OPERATOR: frozenset({"registry:accounts:read", "registry:accounts:write"}),
}

SERVICE_SCOPES: dict[str, frozenset[str]] = {
    "planning": frozenset({"registry:journal:follow"}),
    "monitoring": frozenset({"registry:journal:follow", "planning:journal:follow"}),
}


def scopes_of(roles: list[str]) -> list[str]:
    """Return every scope that the roles carry, sorted."""
    return sorted(frozenset().union(*(SCOPES[Role(role)] for role in roles)))


def all_scopes() -> list[str]:
    """Return every scope there is."""
    return sorted(frozenset().union(*SCOPES.values(), *SERVICE_SCOPES.values()))
