"""A paper sheet: which of its lines do not add up (EL-3 to EL-5), and how two tallies of it compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.registry.elections.rules import ElectionRules, Result, result_of
from shared.attendance import PoorNotCounted
from shared.errors import Fault, Invalid, Text

GROUPS = ("eligible", "voters", "attending", "collected", "papers", "delegates", "present")
"""The objects of a sheet whose members are columns: `voters_men` is /voters/men."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the paper of one RT's ballot says; persons, ballots, and different names on the valid ballots.

    Of the voters some attended, and of others the votes were collected door to door; both are None where nothing was
    collected, and where it was while nobody noted how many.
    """

    eligible_men: int
    eligible_women: int
    voters_men: int
    voters_women: int
    voters_poor: int | None
    voters_poor_missing: PoorNotCounted | None
    attending_men: int | None
    attending_women: int | None
    collected_men: int | None
    collected_women: int | None
    papers_valid: int
    papers_invalid: int
    papers_names: int
    delegates_men: int
    delegates_women: int
    delegates_poor: int | None
    delegates_poor_missing: PoorNotCounted | None
    door_to_door: bool
    handled_separately: str | None
    minutes_reference: str

    @property
    def eligible(self) -> int:
        return self.eligible_men + self.eligible_women

    @property
    def voters(self) -> int:
        return self.voters_men + self.voters_women

    @property
    def attending(self) -> int | None:
        return _sum(self.attending_men, self.attending_women)

    @property
    def collected(self) -> int | None:
        return _sum(self.collected_men, self.collected_women)

    @property
    def delegates(self) -> int:
        return self.delegates_men + self.delegates_women


def _sum(men: int | None, women: int | None) -> int | None:
    return None if men is None or women is None else men + women


class TallyInvalid(Invalid):
    code = "tally.invalid"
    title = Text("Angka tidak cocok", "The numbers do not add up")
    detail = Text("Ada {count} baris yang tidak cocok; lihat `errors`.", "{count} line(s) do not add up; see `errors`.")
    fix = Text(
        "Periksa lembar penghitungannya; bila kertasnya yang salah, perbaiki dengan berita acara.",
        "Check the paper; if the paper is wrong, have it mended by minutes.",
    )


NOBODY = Text("RT ini tidak mempunyai pemilih dewasa.", "This RT has no eligible adults.")
VOTERS = Text(
    "Pemilih {voters} melebihi warga dewasa {eligible}.", "{voters} voters exceed {eligible} eligible adults."
)
PART = Text("Tidak boleh lebih dari jumlah seluruhnya, {whole}.", "Cannot exceed all of them, {whole}.")
REASON_MISSING = Text("Jumlah ini kosong: sebutkan alasannya.", "This number is null: say why.")
REASON_TOO_MUCH = Text("Jumlahnya ada, jadi alasan harus kosong.", "The number is there, so the reason must be null.")
WAYS_MISSING = Text(
    "Suara juga dikumpulkan dari pintu ke pintu: sebutkan berapa pemilih yang hadir dan berapa yang didatangi (EL-5).",
    "Votes were also collected door to door: say how many voters attended and how many were visited (EL-5).",
)
WAYS_SUPERFLUOUS = Text(
    "Tidak ada suara yang dikumpulkan dari pintu ke pintu, jadi ini harus kosong.",
    "No votes were collected door to door, so this must be null.",
)
WAYS = Text(
    "Pemilih yang hadir {attending} dan yang didatangi {collected} tidak berjumlah {voters}.",
    "{attending} voters who attended and {collected} who were visited do not make {voters}.",
)
PAPERS = Text(
    "Surat suara sah dan tidak sah berjumlah {papers}, pemilih {voters}.",
    "Valid and invalid ballots make {papers}, voters are {voters}.",
)
NAMES_MOST = Text(
    "Paling banyak {most} nama: {per_ballot} pada setiap surat suara sah.",
    "At most {most} names: {per_ballot} on each valid ballot.",
)
NAMES_LEAST = Text(
    "Surat suara sah memuat paling sedikit {least} nama berbeda.",
    "A valid ballot holds at least {least} different names.",
)
DELEGATES = Text(
    "Utusan {delegates} melebihi nama yang terpilih {names}.",
    "{delegates} delegates exceed the {names} names voted for.",
)
SEPARATELY = Text(
    "RT ini mencapai ambang kehadiran, jadi tidak ditangani tersendiri.",
    "This RT reached the threshold, so it is not handled separately.",
)
NOBODY_PRESENT = Text("Tidak ada utusan yang hadir.", "No delegate was present.")
VOTES = Text(
    "Suara {votes} melebihi utusan yang hadir, {present}.", "{votes} votes exceed the {present} delegates present."
)
NOT_ENOUGH_DELEGATES = Text(
    "Anggota terpilih {members} melebihi utusan yang hadir, {present}.",
    "{members} elected members exceed the {present} delegates present.",
)


def pointer_to(column: str) -> str:
    """Return where a column stands in a sheet's body: voters_men at /voters/men."""
    group, _, member = column.partition("_")
    return f"/{group}/{member}" if group in GROUPS else f"/{column}"


def _poor_faults(group: str, *, poor: int | None, missing: PoorNotCounted | None, whole: int) -> list[Fault]:
    if poor is None and missing is None:
        return [Fault(f"/{group}/poor", "ballot.reason_missing", REASON_MISSING, {})]
    if poor is not None and missing is not None:
        return [Fault(f"/{group}/poor_missing", "ballot.reason_superfluous", REASON_TOO_MUCH, {})]
    if poor is not None and poor > whole:
        return [Fault(f"/{group}/poor", "ballot.poor_exceed", PART, {"whole": whole})]
    return []


def _way_faults(sheet: Sheet) -> list[Fault]:
    """Return what is wrong with how the voters voted: by which way is said, and adds up, where there were two (EL-5)."""
    ways = {"attending": sheet.attending, "collected": sheet.collected}
    if not sheet.door_to_door:
        parts = {way: (getattr(sheet, f"{way}_men"), getattr(sheet, f"{way}_women")) for way in ways}
        given = [way for way, (men, women) in parts.items() if men is not None or women is not None]
        return [Fault(f"/{way}", "ballot.ways_superfluous", WAYS_SUPERFLUOUS, {}) for way in given]
    missing = [way for way, voters in ways.items() if voters is None]
    if missing:
        return [Fault(f"/{way}", "ballot.ways_missing", WAYS_MISSING, {}) for way in missing]
    found: list[Fault] = []
    for who in ("men", "women"):
        values = {name: getattr(sheet, f"{name}_{who}") for name in (*ways, "voters")}
        if values["attending"] + values["collected"] != values["voters"]:
            found.append(Fault(f"/collected/{who}", "ballot.ways_differ", WAYS, values))
    return found


def ballot_faults(sheet: Sheet, *, names_per_ballot: int, rules: ElectionRules) -> list[Fault]:
    """Return every line of an RT's sheet that does not add up (EL-3 to EL-5); a low turnout is no such fault."""
    found: list[Fault] = []
    if sheet.eligible == 0:
        found.append(Fault("/eligible", "ballot.nobody_eligible", NOBODY, {}))
    for who in ("men", "women"):
        voters, eligible = getattr(sheet, f"voters_{who}"), getattr(sheet, f"eligible_{who}")
        if voters > eligible:
            values = {"voters": voters, "eligible": eligible}
            found.append(Fault(f"/voters/{who}", "ballot.voters_exceed_eligible", VOTERS, values))
    found += _poor_faults("voters", poor=sheet.voters_poor, missing=sheet.voters_poor_missing, whole=sheet.voters)
    found += _way_faults(sheet)
    papers = sheet.papers_valid + sheet.papers_invalid
    if papers != sheet.voters:
        values = {"papers": papers, "voters": sheet.voters}
        found.append(Fault("/papers/valid", "ballot.papers_differ", PAPERS, values))
    most = sheet.papers_valid * names_per_ballot
    if sheet.papers_names > most:
        values = {"most": most, "per_ballot": names_per_ballot}
        found.append(Fault("/papers/names", "ballot.too_many_names", NAMES_MOST, values))
    if sheet.papers_valid and sheet.papers_names < rules.least_names_per_ballot:
        found.append(
            Fault("/papers/names", "ballot.too_few_names", NAMES_LEAST, {"least": rules.least_names_per_ballot})
        )
    found += _poor_faults(
        "delegates", poor=sheet.delegates_poor, missing=sheet.delegates_poor_missing, whole=sheet.delegates
    )
    if sheet.handled_separately is None and sheet.delegates > sheet.papers_names:
        values = {"delegates": sheet.delegates, "names": sheet.papers_names}
        found.append(Fault("/delegates", "ballot.delegates_exceed_names", DELEGATES, values))
    valid = result_of(voters=sheet.voters, eligible=sheet.eligible, rules=rules) is Result.VALID
    if sheet.handled_separately is not None and valid:
        found.append(Fault("/handled_separately", "ballot.not_separate", SEPARATELY, {}))
    return found


def meeting_faults(*, present: int, votes: Sequence[int]) -> list[Fault]:
    """Return every line of the kelurahan meeting's sheet that does not add up; votes by elected member.

    Each delegate can vote for a person once. How many may be elected is the board's own rule (EL-7).
    """
    found: list[Fault] = []
    if present == 0:
        found.append(Fault("/present", "meeting.nobody_present", NOBODY_PRESENT, {}))
    if len(votes) > present:
        values = {"members": len(votes), "present": present}
        found.append(Fault("/members", "meeting.members_exceed_present", NOT_ENOUGH_DELEGATES, values))
    for index, given in enumerate(votes):
        if given > present:
            values = {"votes": given, "present": present}
            found.append(Fault(f"/members/{index}/votes", "meeting.votes_exceed_present", VOTES, values))
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """One line in which two tallies of a sheet differ."""

    pointer: str
    this: Any
    other: Any

    @property
    def of_name(self) -> bool:
        return is_name(self.pointer)


def is_name(pointer: str) -> bool:
    """Tell whether a line of a sheet names a person."""
    return pointer.endswith("/name")


def _same(this: Any, other: Any, *, pointer: str) -> bool:
    if is_name(pointer):
        return " ".join(str(this).split()).casefold() == " ".join(str(other).split()).casefold()
    if pointer.endswith("/person_id"):
        # The paper bears no id: who knows it may give it, and the other need not.
        return this is None or other is None or this == other
    return bool(this == other)


def differences(this: Mapping[str, Any], other: Mapping[str, Any], *, within: str = "") -> list[Difference]:
    """Compare two tallies of one sheet field by field, members line by line."""
    found: list[Difference] = []
    for name, value in this.items():
        pointer = f"{within}{pointer_to(name)}"
        facing = other[name]
        if isinstance(value, list):
            if len(value) != len(facing):
                found.append(Difference(pointer, len(value), len(facing)))
            for index, (mine, theirs) in enumerate(zip(value, facing, strict=False)):
                found += differences(mine, theirs, within=f"{pointer}/{index}")
        elif not _same(value, facing, pointer=pointer):
            found.append(Difference(pointer, value, facing))
    return found
