"""Invented people, plainly so: nobody in Yogyakarta is called Contoh Melati Pagi."""

import hashlib
import hmac
from random import Random

WOMEN = (
    "Melati", "Kenanga", "Cempaka", "Mawar", "Anggrek", "Dahlia", "Seruni", "Kamboja", "Flamboyan", "Teratai",
    "Kemuning", "Soka", "Wijaya Kusuma", "Alamanda", "Lavender", "Sedap Malam", "Tulip", "Edelweis", "Bugenvil", "Nusa Indah",
)  # fmt: skip
MEN = (
    "Mahoni", "Jati", "Sonokeling", "Trembesi", "Beringin", "Cendana", "Meranti", "Ulin", "Sengon", "Waru",
    "Ketapang", "Nangka", "Sawo", "Randu", "Bambu", "Akasia", "Pinus", "Damar", "Asam", "Gayam",
)  # fmt: skip
TIMES = ("Pagi", "Siang", "Sore", "Malam", "Fajar", "Senja", "Hujan", "Kemarau", "Embun", "Purnama", "Pelangi", "Angin")


def names(chance: Random, count: int, *, women: int) -> list[str]:
    """Return that many different invented names, some of them women's."""

    def some(kind: str, words: tuple[str, ...], number: int) -> list[str]:
        pairs = [f"{kind} Contoh {word} {time}" for word in words for time in TIMES]
        return chance.sample(pairs, number)

    chosen = some("Ibu", WOMEN, women) + some("Pak", MEN, count - women)
    chance.shuffle(chosen)
    return chosen


def password(secret: str, username: str) -> str:
    """Return a password that only this house has, the same each time the story is told to it."""
    digest = hmac.new(secret.encode(), f"demo/{username}".encode(), hashlib.sha256).hexdigest()
    return "-".join(digest[start : start + 4] for start in range(0, 20, 4))
