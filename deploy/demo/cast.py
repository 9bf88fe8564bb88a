"""Who acts in the story: the accounts, what each may do, and the few that are printed for a reader to try."""

import json
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.client import Api, Person, Visitor, named, person, program, together
from deploy.demo.people import password
from deploy.demo.places import CITY, HERO, TEAMS, Kelurahan

NATION = "*"


@dataclass(frozen=True, slots=True)
class Part:
    """An account to be opened; one with a note is shown to the reader."""

    username: str
    who: str
    role: str
    regions: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """An invented organisation that channels."""

    key: str
    name: str
    kind: str
    website: str

    @property
    def id(self) -> str:
        return named("partner", self.key)


PARTNERS = (
    Partner("bank", "Bank Contoh Rakyat", "bank", "https://bank.example"),
    Partner("ngo", "Yayasan Contoh Kali Bersih", "ngo", "https://kali-bersih.example"),
    Partner("university", "Universitas Contoh Mataram", "university", "https://kampus.example"),
    Partner("firm", "PT Contoh Batik Lestari", "firm", "https://batik.example"),
    Partner("association", "Asosiasi Contoh Arsitek Warga", "association", "https://arsitek.example"),
)

CITY_PARTS = (
    Part("korkot", "Koordinator kota", "city_coordinator", (CITY,), "city coordinator: all of 34.71"),
    Part("komite", "Komite penanggulangan kemiskinan", "city_committee", (CITY,), "city committee"),
    Part("pemkot", "Pemerintah kota", "government", (CITY,)),
    Part("auditor", "Auditor", "auditor", (CITY,), "auditor: reads all of 34.71"),
    Part("manajer", "Manajer program", "programme_manager", (NATION,)),
    Part("fasilitator-pengganti", "Fasilitator pengganti", "facilitator", ("34.71.03.1002",), "takes over a kelurahan"),
)
HERO_PARTS = (
    Part("sekretaris-kricak", "Sekretaris BKM Kricak", "board_officer", (HERO,), "runs the board of Kricak"),
    Part("koordinator-kricak", "Koordinator BKM Kricak", "board_officer", (HERO,), "coordinates the board of Kricak"),
    Part("pengawas-kricak", "Pengawas Kricak", "supervisor", (HERO,), "verifies what the board records"),
    Part("relawan-kricak", "Relawan Kricak", "volunteer", (HERO,), "maps problems"),
    Part("ksm-kricak", "Pengurus KSM Kricak", "group_officer", (HERO,), "reports the works"),
)


def parts(city: list[Kelurahan]) -> list[Part]:
    """Return every account of the story."""
    teams = [
        Part(team, f"Fasilitator {', '.join(sorted({k.kecamatan for k in city if k.facilitator == team}))}",
             "facilitator", codes, "facilitator: approves what boards enter" if team == "fasilitator" else "")
        for team, codes in TEAMS.items()
    ]  # fmt: skip
    shared = {k.secretary: k for k in city if k.code != HERO}
    secretaries = [
        Part(username, f"Sekretariat bersama {k.kecamatan}", "board_officer", (k.kecamatan_code,))
        for username, k in shared.items()
    ]
    return [*CITY_PARTS, *teams, *HERO_PARTS, *secretaries]


@dataclass
class Cast:
    """Everybody by username, once their accounts are open."""

    api: Api
    secret: str
    city: list[Kelurahan]
    operator: Person
    bank: Person | None = None

    def __post_init__(self) -> None:
        self.nobody = Visitor(self.api)
        self._known: dict[str, Person] = {}
        self._clients: dict[str, tuple[str, str]] = {}

    def __getitem__(self, username: str) -> Person:
        if username not in self._known:
            self._known[username] = person(self.api, username, password(self.secret, username))
        return self._known[username]

    async def open_accounts(self) -> None:
        """Open every account; one that is open already stays as it is."""

        async def open_one(part: Part) -> None:
            await self.operator.post(
                "/registry/v1/accounts",
                {
                    "id": named("account", part.username),
                    "username": part.username,
                    "password": password(self.secret, part.username),
                    "display_name": f"{part.who} (contoh)",
                    "person_id": named("person", part.username),
                    "roles": [part.role],
                    "regions": list(part.regions),
                },
            )
            self.api.advance()

        await together(open_one(part) for part in parts(self.city))

    async def open_partners(self) -> None:
        """Record the partners, and give each a program that signs in by itself."""

        async def open_one(partner: Partner) -> None:
            draft = {"id": partner.id, "name": partner.name, "kind": partner.kind, "website": partner.website}
            await self["korkot"].post("/registry/v1/partners", draft)
            seen = {"evidence": "deed", "evidence_reference": "Akta Contoh 1 of 2020", "verified_on": "2020-03-02"}
            await self["manajer"].act(f"/registry/v1/partners/{partner.id}", "verification", seen)
            client = {
                "id": named("client", partner.key),
                "name": f"{partner.key}-contoh",
                "org": partner.id,
                "regions": [CITY],
            }
            # Asked again, it answers with a new secret: the program of a former telling must sign in anew.
            opened = await self.operator.post("/registry/v1/clients", client)
            self._clients[partner.key] = (opened["name"], opened["client_secret"])
            self._known[partner.key] = program(self.api, opened["name"], opened["client_secret"])
            self.api.advance()

        await together(open_one(partner) for partner in PARTNERS)

    def write_sign_ins(self, file: Path) -> None:
        """Write the sign-ins that a reader may try."""
        shown = [
            {"who": part.who, "username": part.username, "password": password(self.secret, part.username),
             "note": part.note}
            for part in parts(self.city) if part.note
        ]  # fmt: skip
        name, secret = self._clients["bank"]
        note = "grant_type=client_credentials: client_id and client_secret"
        shown.append({"who": "Bank Contoh Rakyat", "username": name, "password": secret, "note": note})
        fresh = file.with_name(f".{file.name}.fresh")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(shown, indent=2, ensure_ascii=False), encoding="utf-8")
        fresh.replace(file)
