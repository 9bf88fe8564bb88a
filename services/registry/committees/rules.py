"""Where a committee stands, which of its decrees and seats exclude each other (§4.2)."""

from enum import StrEnum

from shared.errors import Conflict, Invalid, Text


class CommitteeKind(StrEnum):
    """What the law called it: Perpres 54/2005, then 13/2009, then 15/2010."""

    KPK_D = "kpk_d"
    TKPKD = "tkpkd"
    TKPK = "tkpk"


class CommitteeRole(StrEnum):
    """A seat on the committee."""

    CHAIR = "chair"
    DEPUTY_CHAIR = "deputy_chair"
    SECRETARY = "secretary"
    DEPUTY_SECRETARY = "deputy_secretary"
    MEMBER = "member"


class DocumentKind(StrEnum):
    """What a committee has to prepare (§4.2)."""

    POVERTY_STRATEGY = "poverty_strategy"
    CITY_PROGRAMME = "city_programme"
    POVERTY_BUDGET = "poverty_budget"
    REPORT = "report"


class CommitteeMisplaced(Invalid):
    code = "committee.misplaced"
    title = Text("Wilayah tidak sesuai", "Unfitting region")
    detail = Text(
        "Tim penanggulangan kemiskinan berdiri di provinsi atau kabupaten/kota, bukan di {region}.",
        "A poverty committee stands in a province or a city or regency, not in {region}.",
    )
    fix = Text("Pakai kode provinsi atau kabupaten/kota.", "Use the code of a province, city or regency.")


class DecreeOverlaps(Conflict):
    code = "decree.overlaps"
    title = Text("SK bertumpuk", "Overlapping decree")
    detail = Text(
        "SK {number} sudah berlaku sejak {starts_on} pada waktu yang sama.",
        "The decree {number} already holds at that time, from {starts_on}.",
    )
    fix = Text("Akhiri SK yang lama lebih dahulu.", "End the earlier decree first.")


class SeatTaken(Conflict):
    code = "committee.seat_taken"
    title = Text("Kursi sudah terisi", "Seat taken")
    detail = Text(
        "{office}, {institution}, sudah duduk di sana sejak {starts_on} pada waktu yang sama.",
        "{office}, {institution}, already sits there at that time, from {starts_on}.",
    )
    fix = Text("Akhiri keanggotaan yang lama lebih dahulu.", "End the earlier membership first.")


def require_committee_region(code: str) -> None:
    """Refuse a region below city and regency: a committee is a province's or a city's (§4.2)."""
    if code.count(".") > 1:
        raise CommitteeMisplaced(pointer="/region_code", region=code)
