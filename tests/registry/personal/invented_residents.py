"""Ten thousand invented residents, some of them recorded twice with the mistakes that people make, and some who only look it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

MEN = [
    "Agus",
    "Andi",
    "Anton",
    "Arif",
    "Bagus",
    "Bambang",
    "Budi",
    "Cahyo",
    "Danang",
    "Darmawan",
    "Dedi",
    "Dharma",
    "Didik",
    "Dimas",
    "Djoko",
    "Dwi",
    "Edi",
    "Eko",
    "Fajar",
    "Farhan",
    "Feri",
    "Galih",
    "Gatot",
    "Gilang",
    "Gunawan",
    "Guntur",
    "Haris",
    "Hendra",
    "Heri",
    "Imam",
    "Indra",
    "Irfan",
    "Iwan",
    "Jatmiko",
    "Joko",
    "Krisna",
    "Kusno",
    "Lukman",
    "Mulyadi",
    "Nanang",
    "Nugroho",
    "Oktavian",
    "Panji",
    "Purwanto",
    "Rachmat",
    "Rahmat",
    "Rangga",
    "Rendi",
    "Rizky",
    "Rudi",
    "Sapto",
    "Satria",
    "Sigit",
    "Slamet",
    "Sugeng",
    "Suharto",
    "Sukirman",
    "Sumarno",
    "Suparman",
    "Supriyadi",
    "Surya",
    "Susilo",
    "Sutrisno",
    "Taufik",
    "Teguh",
    "Tri",
    "Untung",
    "Wahyu",
    "Wawan",
    "Wibowo",
    "Widodo",
    "Yanto",
    "Yoga",
    "Yudi",
    "Yusuf",
    "Zainal",
    "Ridwan",
    "Syaiful",
    "Ahmad",
    "Muhammad",
    "Abdul",
    "Wayan",
    "Made",
    "Ketut",
    "Johanes",
    "Petrus",
    "Markus",
    "Yohanes",
    "Stefanus",
    "Daniel",
]
WOMEN = [
    "Aisyah",
    "Aminah",
    "Ani",
    "Anisa",
    "Ayu",
    "Bunga",
    "Citra",
    "Dewi",
    "Dian",
    "Dina",
    "Dwi",
    "Eka",
    "Elisabet",
    "Endang",
    "Erna",
    "Farida",
    "Fatimah",
    "Fitri",
    "Gita",
    "Hani",
    "Hartini",
    "Ika",
    "Indah",
    "Intan",
    "Ira",
    "Juminah",
    "Kartika",
    "Kartini",
    "Laila",
    "Lestari",
    "Lilis",
    "Lina",
    "Maria",
    "Mawar",
    "Maya",
    "Mega",
    "Melati",
    "Mira",
    "Murni",
    "Nanik",
    "Nia",
    "Ningsih",
    "Novi",
    "Nurul",
    "Nur",
    "Parti",
    "Ponirah",
    "Poniyem",
    "Putri",
    "Rahayu",
    "Rahma",
    "Ratih",
    "Ratna",
    "Rina",
    "Rini",
    "Rosita",
    "Rubiyem",
    "Sari",
    "Sartini",
    "Siti",
    "Sri",
    "Sulastri",
    "Sumiati",
    "Suminah",
    "Sunarti",
    "Suratmi",
    "Suryani",
    "Susi",
    "Tini",
    "Titin",
    "Tri",
    "Tuti",
    "Umi",
    "Wahyuni",
    "Wanti",
    "Wati",
    "Widya",
    "Winarti",
    "Wulan",
    "Yanti",
    "Yati",
    "Yuli",
    "Yuni",
    "Yunita",
    "Zahra",
    "Zubaidah",
    "Marlina",
    "Magdalena",
    "Yohana",
    "Kadek",
    "Luh",
    "Ketut",
]
LAST = [
    "Adiputra",
    "Alamsyah",
    "Ananda",
    "Anggraini",
    "Anwar",
    "Aprilia",
    "Ardiansyah",
    "Arifin",
    "Asmara",
    "Astuti",
    "Aziz",
    "Basuki",
    "Budiman",
    "Cahyadi",
    "Cahyono",
    "Darmadi",
    "Dewanto",
    "Efendi",
    "Fauzi",
    "Febriani",
    "Firdaus",
    "Firmansyah",
    "Ginting",
    "Hadi",
    "Hakim",
    "Halim",
    "Handayani",
    "Handoko",
    "Hardjo",
    "Hariyanto",
    "Harjono",
    "Hartono",
    "Hasanah",
    "Hasibuan",
    "Hermawan",
    "Hidayah",
    "Hidayat",
    "Huda",
    "Irawan",
    "Ismail",
    "Iskandar",
    "Jayadi",
    "Kartono",
    "Khasanah",
    "Kurnia",
    "Kurniawan",
    "Kusuma",
    "Kusumawati",
    "Laksono",
    "Lubis",
    "Maharani",
    "Mahendra",
    "Manurung",
    "Mardiana",
    "Maulana",
    "Mulyani",
    "Mulyono",
    "Munir",
    "Mustofa",
    "Nainggolan",
    "Nasution",
    "Novitasari",
    "Nugraha",
    "Nugroho",
    "Oktaviani",
    "Pamungkas",
    "Pangestu",
    "Permana",
    "Permatasari",
    "Pertiwi",
    "Pradana",
    "Pramono",
    "Prasetya",
    "Prasetyo",
    "Pratama",
    "Pratiwi",
    "Prayitno",
    "Purnama",
    "Purnomo",
    "Puspita",
    "Putra",
    "Putri",
    "Rachmawati",
    "Raharjo",
    "Rahardjo",
    "Rahayu",
    "Rahman",
    "Rahmawati",
    "Ramadhan",
    "Ramadhani",
    "Riyadi",
    "Riyanto",
    "Romadhon",
    "Rosyid",
    "Safitri",
    "Saputra",
    "Saputri",
    "Santosa",
    "Santoso",
    "Saragih",
    "Sasongko",
    "Septiani",
    "Setiawan",
    "Setyawan",
    "Setyaningsih",
    "Sihombing",
    "Simanjuntak",
    "Simbolon",
    "Siregar",
    "Sitompul",
    "Sitorus",
    "Subagyo",
    "Subekti",
    "Sudarmanto",
    "Sudarsono",
    "Suganda",
    "Suhardi",
    "Sukmawati",
    "Sulaiman",
    "Sulistyo",
    "Sulistyowati",
    "Sumarni",
    "Suprapto",
    "Supriyanto",
    "Suryana",
    "Suryanto",
    "Suryono",
    "Susanti",
    "Susanto",
    "Sutanto",
    "Sutopo",
    "Suwarno",
    "Syahputra",
    "Syarif",
    "Tambunan",
    "Tarigan",
    "Trisnawati",
    "Triyono",
    "Utami",
    "Utomo",
    "Wahid",
    "Wardani",
    "Wardhana",
    "Wibisono",
    "Wicaksono",
    "Widayat",
    "Widiastuti",
    "Widyastuti",
    "Wijaya",
    "Wijayanti",
    "Winarno",
    "Wiyono",
    "Wulandari",
    "Yudhistira",
    "Yulianti",
    "Yulianto",
    "Yuliana",
    "Zulkarnain",
]
OLD_SPELLING = (("ju", "djoe"), ("su", "soe"), ("yo", "jo"), ("jo", "djo"), ("u", "oe"), ("y", "j"), ("c", "tj"))
MODERN_ONLY = (("syah", "sjah"), ("izky", "iski"), ("ain", "aen"), ("f", "v"), ("v", "f"), ("ch", "h"), ("dh", "d"))
LATEST = 2025
"""The last year of birth."""

KELURAHAN = ("34.71.03.1001", "34.71.03.1002", "34.71.04.1001", "33.74.01.1001")


@dataclass(frozen=True)
class Invented:
    """What a clerk wrote down of one person."""

    id: UUID
    kelurahan_code: str
    household_id: UUID
    name: str
    sex: str
    birth_year: int | None
    nik: str | None


def _uuid(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def _name(chance: random.Random, sex: str, family: str | None) -> str:
    given = chance.choice(MEN if sex == "male" else WOMEN)
    if chance.random() < 0.08:
        return given if len(given) > 6 else f"{given} {chance.choice(LAST)}"
    words = [given]
    if chance.random() < 0.3:
        words.append(chance.choice(MEN if sex == "male" else WOMEN))
    words.append(family if family and chance.random() < 0.3 else chance.choice(LAST))
    return " ".join(dict.fromkeys(words))


def _nik(chance: random.Random, place: str, sex: str, year: int) -> str:
    day = chance.randint(1, 28) + (40 if sex == "female" else 0)
    return f"{place.replace('.', '')[:6]}{day:02}{chance.randint(1, 12):02}{year % 100:02}{chance.randint(1, 9999):04}"


def _household(chance: random.Random, place: str) -> Iterator[Invented]:
    household, family = _uuid(chance), chance.choice(LAST)
    oldest = chance.randint(1945, 1990)
    years = [oldest, oldest + chance.randint(-2, 6)]
    years += [oldest + chance.randint(20, 34) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))]
    for number, year in enumerate(years):
        sex = ("male", "female")[number] if number < 2 else chance.choice(("male", "female"))
        nik = _nik(chance, place, sex, year) if chance.random() < 0.8 else None
        known = year if chance.random() < 0.97 else None
        yield Invented(_uuid(chance), place, household, _name(chance, sex, family), sex, known, nik)


def _lookalikes(chance: random.Random, person: Invented) -> Iterator[Invented]:
    """Give people who are somebody else: a twin, a brother or sister, a child named after its father, a namesake."""
    year = person.birth_year or 1970
    words = person.name.split()
    names = MEN if person.sex == "male" else WOMEN
    kind = chance.randrange(4)
    if kind == 0:
        other = replace(person, name=" ".join([chance.choice(names), *words[1:]]))
    elif kind == 1:
        other = replace(
            person, name=" ".join([chance.choice(names), *words[1:]]), birth_year=year + chance.choice((1, 2, 3))
        )
    elif kind == 2:
        apart = chance.randint(19, 35)
        other = replace(person, birth_year=year + (apart if year < LATEST - 40 else -apart))
    else:
        common = "Muhammad Rizki" if person.sex == "male" else "Siti Aminah"
        other = replace(person, name=common, household_id=_uuid(chance))
    yield replace(
        other, id=_uuid(chance), nik=_nik(chance, person.kelurahan_code, person.sex, other.birth_year or 1970)
    )


def _typed_wrong(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word))
    match chance.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + chance.choice("aeiourstn") + word[at:]
        case 2:
            return word[:at] + chance.choice("aeiourstn") + word[at + 1 :]
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _spelt_otherwise(chance: random.Random, name: str) -> str:
    fitting = [pair for pair in (*OLD_SPELLING, *MODERN_ONLY) if pair[0] in name.lower()]
    if not fitting:
        return f"{name}, S.Pd"
    old, new = chance.choice(fitting)
    return name.lower().replace(old, new).title()


def _name_again(chance: random.Random, name: str) -> str:
    words = name.split()
    kind = chance.randrange(7)
    if kind in {0, 1}:
        longest = max(range(len(words)), key=lambda at: len(words[at]))
        words[longest] = _typed_wrong(chance, words[longest])
        return " ".join(words)
    if kind == 2:
        return _spelt_otherwise(chance, name)
    if kind == 3 and len(words) > 2:
        return " ".join([words[0], *words[2:]])
    if kind == 4 and len(words) > 1:
        return " ".join([words[0], f"{words[1][0]}.", *words[2:]]) if len(words) > 2 else " ".join(reversed(words))
    if kind == 5:
        return f"{chance.choice(('H.', 'Hj.', 'Bpk.', 'Ibu', 'Drs.'))} {name}"
    return name.upper()


def recorded_again(chance: random.Random, person: Invented) -> Invented:
    """Return the same person as another clerk wrote it down."""
    other = replace(person, id=_uuid(chance), name=_name_again(chance, person.name))
    if person.birth_year is not None and chance.random() < 0.3:
        other = replace(other, birth_year=min(LATEST, person.birth_year + chance.choice((-1, 1))))
    elif chance.random() < 0.1:
        other = replace(other, birth_year=None)
    if chance.random() < 0.6:
        other = replace(other, nik=None)
    if chance.random() < 0.25:
        other = replace(other, household_id=_uuid(chance))
    return other


def invented(count: int, *, seed: int = 20) -> tuple[list[Invented], set[frozenset[UUID]]]:
    """Return so many residents, 5 % of them recorded twice and 5 % with somebody like them, and the pairs planted."""
    chance = random.Random(seed)
    people: list[Invented] = []
    while len(people) < count:
        people += _household(chance, KELURAHAN[len(people) * len(KELURAHAN) // count])
    people = people[:count]
    chosen = chance.sample(people, count // 10)
    again = [(one, recorded_again(chance, one)) for one in chosen[: count // 20]]
    alike = [other for one in chosen[count // 20 :] for other in _lookalikes(chance, one)]
    everybody = [*people, *alike, *(other for _, other in again)]
    chance.shuffle(everybody)
    return everybody, {frozenset((one.id, other.id)) for one, other in again}
