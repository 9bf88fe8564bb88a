"""What kinds of partner there are (§8)."""

from enum import StrEnum


class PartnerKind(StrEnum):
    """Who channels: the field's own kinds (Seed: strategi, channeling)."""

    NGO = "ngo"
    BANK = "bank"
    UNIVERSITY = "university"
    FIRM = "firm"
    ASSOCIATION = "association"
    AGENCY = "agency"
