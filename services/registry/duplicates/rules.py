"""When a pair may be merged, parted again or dismissed, and whose values win."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from shared.errors import Conflict, Invalid, Text


class Taken(StrEnum):
    """What of the absorbed resident may win over the kept one; a NIK or year comes with the reason for its absence."""

    NAME = "name"
    NIK = "nik"
    PHONE = "phone"
    SEX = "sex"
    BIRTH_YEAR = "birth_year"
    VULNERABILITIES = "vulnerabilities"


SEALED = {Taken.NAME: ("name",), Taken.NIK: ("nik",), Taken.PHONE: ("phone",)}
"""The personal fields of each choice."""

COLUMNS = {
    Taken.NIK: ("nik_absent_reason",),
    Taken.SEX: ("sex",),
    Taken.BIRTH_YEAR: ("birth_year", "birth_year_absent_reason"),
    Taken.VULNERABILITIES: ("vulnerabilities",),
}
"""The columns of each choice."""

RESTORED = tuple(name for names in COLUMNS.values() for name in names)


class DuplicateDecided(Conflict):
    code = "duplicate.decided"
    title = Text("Sudah diputuskan", "Decided already")
    detail = Text(
        "Pasangan ini berstatus {state}; tindakan ini tidak berlaku baginya.",
        "This pair is {state}; this act does not apply to it.",
    )
    fix = Text("Ambil pasangannya lagi dan lihat `state`.", "Read the pair again and look at `state`.")


class TwoKelurahan(Conflict):
    code = "duplicate.two_kelurahan"
    title = Text("Di dua kelurahan", "In two kelurahan")
    detail = Text(
        "Kedua catatan berada di kelurahan yang berbeda, {here} dan {elsewhere}; catatan dua kelurahan tidak digabung.",
        "The two stand in different kelurahan, {here} and {elsewhere}; records of two kelurahan are not merged.",
    )
    fix = Text(
        "Bila orangnya pindah, akhiri catatan di tempat lama; bila NIK salah tulis, perbaiki NIK itu.",
        "If the person moved, end the record at the old place; if a NIK was mistyped, correct it.",
    )


class KeptElsewhere(Invalid):
    code = "merge.kept_unknown"
    title = Text("Bukan dari pasangan ini", "Not of this pair")
    detail = Text("{kept_id} bukan salah satu dari keduanya.", "{kept_id} is neither of the two.")
    fix = Text("Pakai `first_id` atau `second_id`.", "Use `first_id` or `second_id`.")


class NotMergeable(Conflict):
    code = "merge.not_standing"
    title = Text("Tidak dapat digabung", "Cannot be merged")
    detail = Text(
        "Salah satu catatan sudah digabung, dihapus, atau ditutup oleh kepindahan.",
        "One of the two was merged, erased or closed by a move meanwhile.",
    )
    fix = Text("Gabungkan catatan yang masih berlaku.", "Merge the records that still stand.")


class MergeBuiltUpon(Conflict):
    code = "merge.built_upon"
    title = Text("Sudah ada perubahan sesudahnya", "Changed since the merge")
    detail = Text(
        "Setelah digabung, {changed} diubah; membatalkan penggabungan akan menghilangkan perubahan itu.",
        "After the merge {changed} was changed; parting them would lose that change.",
    )
    fix = Text(
        "Catat orang kedua sebagai warga baru, lalu perbaiki catatan yang ada.",
        "Record the second person as a new resident and correct the record that is there.",
    )


class MergeForgotten(Conflict):
    code = "merge.forgotten"
    title = Text("Tidak dapat dikembalikan", "Cannot be restored")
    detail = Text(
        "Keadaan sebelum penggabungan sudah dihapus bersama data pribadi orangnya.",
        "What stood before the merge was erased with the person's data.",
    )
    fix = Text("Catat orang kedua sebagai warga baru.", "Record the second person as a new resident.")


def names_taken(choices: Iterable[Taken], names: Mapping[Taken, Sequence[str]]) -> list[str]:
    """Return the fields or columns that some choices bring with them."""
    return [name for choice in choices for name in names.get(choice, ())]


def changed_since(versions: Mapping[Any, tuple[int | None, int]]) -> list[str]:
    """Return which rows have another version than the merge left them in; each has (then, now)."""
    return [str(row) for row, (then, now) in versions.items() if then != now]
