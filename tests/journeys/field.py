"""A kelurahan that is carried offline: a facilitator, what is recorded there, and their phones, held against the server."""

import json
from decimal import Decimal
from typing import Any

from tests.journeys.home import Home
from tests.journeys.phone import Json, Phone
from tests.journeys.story import ago, elected_board

GROUPS = 12


class Field:
    """A kelurahan with a facilitator who carries it, and phones that are signed in as them."""

    def __init__(self, home: Home, kelurahan: str) -> None:
        self.home, self.kelurahan = home, kelurahan
        self.name, self.account = home.open_account("facilitator", kelurahan)
        self.by = home.sign_in(self.name)
        self.board = elected_board(self.by, kelurahan)
        self.groups = [self.by.made("/registry/v1/groups", self.group(number))["id"] for number in range(GROUPS)]
        home_draft = {
            "kelurahan_code": kelurahan,
            "rt": "001",
            "rw": "002",
            "starts_on": ago(300),
            "address": "Gang Contoh 1",
        }
        self.house = self.by.made("/registry/v1/households", home_draft)["id"]
        self.resident = self.by.made("/registry/v1/residents", self.person(self.house, "Ani Contoh"))["id"]
        self._phones: list[Phone] = []

    def group(self, number: int) -> Json:
        draft = {"board_id": self.board, "name": f"KSM Contoh {number}", "kind": "economic", "bond": "domicile"}
        return draft | {"formed_on": ago(200), "members": 10, "women": 6}

    def person(self, house: str, name: str) -> Json:
        draft = {"household_id": house, "name": name, "nik_absent_reason": "not_shown", "sex": "female"}
        return draft | {"birth_year": 1975, "starts_on": ago(300)}

    def phone(self, url: str | None = None, service: str = "registry", **how: Any) -> Phone:
        made = Phone(url or self.home.house.gateway_url, service, self.by.token, **how)
        self._phones.append(made)
        return made

    def close(self) -> None:
        for phone in self._phones:
            phone.close()


def on_server(home: Home, service: str, phone: Phone, kelurahan: str) -> dict[str, dict[str, Json]]:
    """Return the rows of a kelurahan as a phone should hold them, without what is sealed."""
    found: dict[str, dict[str, Json]] = {}
    with home.database(service) as connection:
        for table in phone.told["tables"]:
            asked: Any = f"SELECT to_jsonb(t)::text FROM {table['name']} t WHERE kelurahan_code = %s"  # noqa: S608
            rows = [json.loads(row[0], parse_float=Decimal) for row in connection.execute(asked, [kelurahan])]
            columns = [column["name"] for column in table["columns"]]
            found[table["name"]] = {
                row["id"]: {"id": row["id"]} | {name: _flat(row[name]) for name in columns if name in row}
                for row in rows
            }
    return found


def _flat(value: Any) -> Any:
    """Return a value as a phone holds it: decimals and lists as text."""
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"))
    return str(value) if isinstance(value, Decimal) else value


def converged(field: Field, *phones: Phone, service: str = "registry") -> dict[str, dict[str, Json]]:
    """Let everybody sync until nothing is new, and hold them against each other and against the server, row for row."""
    field.home.sealed(service)
    for _ in range(2):
        for phone in phones:
            phone.in_step()
        field.home.sealed(service)
    for phone in phones:
        assert phone.in_step()[-1]["rejected"] == []
    seen = phones[0].rows()
    for phone in phones[1:]:
        for table, rows in phone.rows().items():
            assert rows == seen[table], table
    there = on_server(field.home, service, phones[0], field.kelurahan)
    for table, rows in there.items():
        assert seen[table].keys() == rows.keys(), table
        for item, row in rows.items():
            assert {name: seen[table][item][name] for name in row} == row, table
    return seen
