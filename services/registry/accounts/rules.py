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
BOARD_WORK = READS | {
    "registry:boards:write",
    "registry:groups:write",
    "planning:mapping:write",
    "planning:plans:write",
    "planning:activities:write",
    "planning:channeling:write",
    "monitoring:complaints:read",
    "monitoring:complaints:write",
}
FACILITATION = BOARD_WORK | {"planning:plans:approve", "planning:activities:approve"}

SCOPES: dict[Role, frozenset[str]] = {
    Role.VOLUNTEER: READS | {"planning:mapping:write"},
    Role.GROUP_OFFICER: READS | {"planning:activities:write"},
    Role.BOARD_OFFICER: BOARD_WORK,
    Role.SUPERVISOR: READS | {"planning:plans:approve", "planning:activities:approve", "monitoring:complaints:read"},
    Role.FACILITATOR: FACILITATION,
    Role.CITY_COORDINATOR: FACILITATION | {"registry:partners:write", "monitoring:complaints:approve"},
    Role.CITY_COMMITTEE: READS
    | {
        "planning:plans:approve",
        "planning:activities:approve",
        "monitoring:complaints:read",
        "monitoring:complaints:approve",
    },
    Role.GOVERNMENT: READS | {"planning:plans:approve", "planning:activities:approve"},
    Role.AUDITOR: READS | {"monitoring:complaints:read", "monitoring:integrity:write"},
    Role.PARTNER: frozenset({"planning:offers:write"}),
    Role.PROGRAMME_MANAGER: READS | {"registry:partners:write", "monitoring:integrity:write"},
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
