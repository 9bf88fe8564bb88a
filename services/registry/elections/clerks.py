"""Who may enter a tally of a sheet, correct it and withdraw it: persons, not accounts, and never one person for two."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.registry.elections.rules import Standing
from shared.errors import Conflict, Forbidden, Invalid, Text


class TallyEnteredBefore(Conflict):
    code = "tally.entered_before"
    title = Text("Anda sudah memasukkan lembar ini", "You entered this sheet before")
    detail = Text(
        "Setiap lembar dimasukkan oleh dua orang; yang Anda masukkan ada di {tally_id}.",
        "Two different persons enter each sheet; yours is {tally_id}.",
    )
    fix = Text(
        "Betulkan yang ada, atau mintalah orang lain memasukkan yang kedua.",
        "Correct the one that is there, or ask another person for the second.",
    )


class TallyEnteredTwice(Conflict):
    code = "tally.entered_twice"
    title = Text("Lembar ini sudah dimasukkan dua kali", "This sheet was entered twice")
    detail = Text(
        "Dua orang sudah memasukkan lembar ini; yang berbeda dibetulkan oleh yang memasukkannya.",
        "Two persons have entered this sheet; differences are settled by who entered them.",
    )
    fix = Text(
        "Hubungi kedua orang itu; bila salah satunya sudah tidak bertugas, mintalah entrinya ditarik.",
        "Ask the two of them; where one is gone, have their tally withdrawn.",
    )


class TallyOfAnother(Forbidden):
    code = "tally.of_another"
    title = Text("Dimasukkan orang lain", "Entered by somebody else")
    detail = Text("Hanya orang yang memasukkan dapat membetulkannya.", "Only the person who entered it may correct it.")
    fix = Text(
        "Betulkan yang Anda masukkan sendiri; bila orangnya sudah tidak bertugas, mintalah entrinya ditarik.",
        "Correct the one you entered yourself; where its clerk is gone, have it withdrawn.",
    )


class TallyUnknown(Invalid):
    code = "tally.unknown"
    title = Text("Entri tidak dikenal", "Unknown tally")
    detail = Text("Pemilihan ini tidak mempunyai entri {tally_id}.", "This election has no tally {tally_id}.")
    fix = Text("Ambil id dari `gates` atau daftar entri.", "Take the id from `gates` or the list of tallies.")


class TallyWithdrawn(Conflict):
    code = "tally.withdrawn"
    title = Text("Entri sudah ditarik", "Tally withdrawn")
    detail = Text("Entri ini sudah ditarik dan tidak lagi dihitung.", "This tally was withdrawn and no longer counts.")
    fix = Text("Masukkan lembarnya lagi.", "Enter the sheet again.")


class TallyWithdrawnByClerk(Forbidden):
    code = "tally.withdrawn_by_clerk"
    title = Text("Perlu orang lain", "Another person is needed")
    detail = Text(
        "Entri ditarik oleh orang yang tidak memasukkan lembar ini, dan bukan oleh program.",
        "A tally is withdrawn by a person who did not enter its sheet, and not by a program.",
    )
    fix = Text("Mintalah orang lain yang berwenang menyetujui.", "Ask another person who may approve.")


class TallyEnteredByWithdrawer(Forbidden):
    code = "tally.entered_by_withdrawer"
    title = Text("Anda menarik entri lembar ini", "You withdrew a tally of this sheet")
    detail = Text(
        "Siapa yang menarik entri tidak memasukkan gantinya.",
        "Who withdraws a tally does not enter the one in its place.",
    )
    fix = Text("Mintalah orang lain memasukkannya.", "Ask another person to enter it.")


class ClerkMissing(Forbidden):
    code = "tally.clerk_missing"
    title = Text("Perlu seorang pencatat", "A person is needed")
    detail = Text(
        "Lembar penghitungan dimasukkan oleh orang, bukan oleh program.",
        "A sheet is entered by a person, not by a program.",
    )
    fix = Text("Masuklah sebagai orang.", "Sign in as a person.")


def number_of_tally(clerk: UUID | None, entered: Mapping[UUID, UUID], *, withdrawers: Collection[UUID]) -> int:
    """Return which tally of a sheet a person may enter, 1 or 2; `entered` gives the tally by who entered it.

    Two different persons, not accounts, enter every sheet, and none of `withdrawers`, who took tallies of it away.
    """
    if clerk is None:
        raise ClerkMissing
    if clerk in withdrawers:
        raise TallyEnteredByWithdrawer
    if clerk in entered:
        raise TallyEnteredBefore(tally_id=entered[clerk], members={"tally_id": str(entered[clerk])})
    if len(entered) >= 2:
        raise TallyEnteredTwice
    return len(entered) + 1


def require_own_tally(clerk: UUID | None, entered_by: UUID) -> None:
    """Refuse to correct what somebody else entered."""
    if clerk != entered_by:
        raise TallyOfAnother


def require_no_clerk(person: UUID | None, clerks: Collection[UUID]) -> None:
    """Refuse to withdraw a tally of a sheet that one entered oneself, and to let a program do it."""
    if person is None or person in clerks:
        raise TallyWithdrawnByClerk


def require_standing(standing: Standing) -> None:
    """Refuse to change a tally that was withdrawn."""
    if standing is Standing.WITHDRAWN:
        raise TallyWithdrawn
