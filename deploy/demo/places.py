"""The city of the story: its true kecamatan and kelurahan, and the invented names of its boards."""

import csv
from dataclasses import dataclass
from pathlib import Path

REGIONS = Path(__file__).with_name("regions")
CITY = "34.71"
HERO = "34.71.01.1001"
"""Kelurahan Kricak: here one rupiah is followed from a flooding lane to the notice board."""

TEAMS = {
    "fasilitator": ("34.71.01", "34.71.02", "34.71.07"),
    "fasilitator-timur": ("34.71.03", "34.71.04", "34.71.11"),
    "fasilitator-tengah": ("34.71.05", "34.71.06", "34.71.09", "34.71.10"),
    "fasilitator-selatan": ("34.71.08", "34.71.12", "34.71.13", "34.71.14"),
}
"""Which facilitator accompanies which kecamatan."""

VIRTUES = (
    "Guyub Rukun",
    "Ngudi Makmur",
    "Sumber Rejeki",
    "Tunas Harapan",
    "Gotong Royong",
    "Bina Sejahtera",
    "Karya Bersama",
    "Mitra Warga",
    "Sedya Maju",
)


@dataclass(frozen=True, slots=True)
class Kelurahan:
    """A kelurahan and the facilitator who accompanies it."""

    code: str
    name: str
    kecamatan: str
    facilitator: str
    number: int
    """Its place in the city's list, from 0."""

    @property
    def kecamatan_code(self) -> str:
        return self.code.rpartition(".")[0]

    @property
    def secretary(self) -> str:
        """The account that enters what the board does; the boards of a kecamatan share theirs, except in the hero's."""
        if self.code == HERO:
            return f"sekretaris-{self.name.lower()}"
        return f"sekretariat-{self.kecamatan.lower()}"

    @property
    def board_name(self) -> str:
        return f"BKM Contoh {VIRTUES[self.number % len(VIRTUES)]} {self.name}"


def _rows(name: str) -> list[dict[str, str]]:
    with (REGIONS / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def city() -> list[Kelurahan]:
    """Return the 45 kelurahan of Kota Yogyakarta in the order of their codes."""
    districts = {row["code"]: row["name"] for row in _rows("districts.csv")}
    team_of = {code: team for team, codes in TEAMS.items() for code in codes}
    return [
        Kelurahan(row["code"], row["name"], districts[row["district_code"]], team_of[row["district_code"]], number)
        for number, row in enumerate(_rows("villages.csv"))
    ]
