"""Who acts for which side of a deal: a board through its people, a partner also through its programs."""

from uuid import UUID

from services.planning.channeling.rules import NotAParty, Side, side_of
from shared.permissions import Caller, ScopeMissing

SCOPES = {Side.BOARD: "planning:channeling:write", Side.PARTNER: "planning:offers:write"}


def actors(by: Caller) -> list[UUID]:
    """Return who acts: the person and the account, so that neither can act for both sides."""
    return [one for one in (by.person_id, by.account_id) if one is not None]


def require_board(by: Caller) -> None:
    """Refuse who does not act for a board: whoever belongs to a partner, and whoever is no person."""
    if side_of(by.org) is not Side.BOARD or by.person_id is None:
        raise NotAParty


def acting_side(by: Caller, *, partner_id: UUID) -> Side:
    """Return the side that a caller acts for in a deal with a partner, or NotAParty or ScopeMissing."""
    side = side_of(by.org)
    if side is Side.BOARD:
        require_board(by)
    elif by.org != partner_id:
        raise NotAParty
    if not by.may(SCOPES[side]):
        raise ScopeMissing(scope=SCOPES[side], members={"scope": [SCOPES[side]]})
    return side


def require_side(side: Side, by: Caller, *, partner_id: UUID) -> None:
    """Refuse who does not act for the side that an act belongs to."""
    if acting_side(by, partner_id=partner_id) is not side:
        raise NotAParty
