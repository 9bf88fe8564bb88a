"""A long story of one kelurahan, told over any line: from its accounts to the money that arrived there."""

import hashlib
import json
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import httpx

from deploy.demo.pictures import drawn
from tests.journeys.home import PASSWORD, Home, eventually
from tests.journeys.insistent import Insistent, Naming
from tests.journeys.partner import ROOT as CHANNELING
from tests.journeys.partner import Bank
from tests.journeys.story import CHANNELED, TODAY, ago, drain_draft, meeting_draft, problem_draft
from tests.shared.importing import csv_file

BOARDS, GROUPS, IMPORTS = "/registry/v1/boards", "/registry/v1/groups", "/registry/v1/imports"
HOUSEHOLDS, RESIDENTS = "/registry/v1/households", "/registry/v1/residents"
PLANS, ACTIVITIES, PROBLEMS = "/planning/v1/plans", "/planning/v1/activities", "/planning/v1/mapping/problems"
PART = 40_000
ROWS, REFUSED = 12, 3
ROLES = ("facilitator", "board_officer", "supervisor", "group_officer")


class Neighbourhood:
    """The story; everything in it has an id or a key of its own."""

    def __init__(self, home: Home, bank: Bank, url: str, called: Naming) -> None:
        self.home, self.called, self.code = home, called, called.kelurahan
        self.http = httpx.Client(base_url=url, timeout=60)
        self.operator = Insistent(self.http, home.operator.token, called, who="operator")
        self.bank = Insistent(self.http, bank.program.token, called, who="bank")
        self.bank_id = bank.id

    def tell(self) -> None:
        self.people = {role: self._opened(role) for role in ROLES}
        self._board()
        self._residents()
        self._groups()
        self._carried()
        self._files()
        self._papers()
        self.home.followed()
        self._plan()
        self._works()
        self._money()
        self.http.close()

    def _opened(self, role: str) -> Insistent:
        name = f"{self.called.run}-{role.replace('_', '-')}"
        account = {"username": name, "password": PASSWORD, "display_name": "Contoh", "roles": [role]}
        draft = account | {"regions": [self.code], "person_id": self.called("person", role)}
        self.operator.made("/registry/v1/accounts", draft, name=f"account {role}")
        # Signing in twice is two sign-ins: that is said on the good line.
        return Insistent(self.http, self.home.sign_in(name).token, self.called, who=role)

    def _board(self) -> None:
        by = self.people["facilitator"]
        draft = {"kelurahan_code": self.code, "name": "BKM Contoh Jalur", "founded_on": ago(400)}
        by.made(BOARDS, draft, name="board")
        self.board = f"{BOARDS}/{self.called('board')}"
        officers = [
            {
                "person_id": self.called("officer", seat),
                "name": f"Ibu Contoh {seat}",
                "position": "member" if seat else "koordinator",
            }
            for seat in range(9)
        ]
        term = {"starts_on": ago(365), "ends_on": ago(-700), "elected_on": ago(365), "officers": officers}
        by.keyed(f"{self.board}/terms", term, key="term")
        by.edited(self.board, {"phone": "0274-000001"}, key="phone")
        by.edited(self.board, {"phone": None}, key="no phone")
        by.keyed(f"{self.board}/names", {"name": "BKM Contoh Baru", "starts_on": ago(200)}, key="name")
        statutes = {"kind": "articles", "adopted_on": ago(360), "minutes_reference": "BA/AD", "seats": 9}
        by.made(f"{self.board}/statutes", statutes, name="statutes")
        staff = {"name": "Warga Contoh", "organ": "upk", "role": "manager", "starts_on": ago(300)}
        by.keyed(f"{self.board}/organs", staff, key="staff")

    def _residents(self) -> None:
        by = self.people["facilitator"]
        writes: list[tuple[str, dict[str, Any]]] = []
        for number in range(6):
            home = self.called("household", number)
            # The last one has a number that no neighbourhood has, and does not stop the others.
            rt = "003" if number < 5 else "tiga"
            draft = {"id": home, "kelurahan_code": self.code, "rt": rt, "rw": "005", "starts_on": ago(390)}
            writes.append((HOUSEHOLDS, draft))
            person = {
                "id": self.called("resident", number),
                "household_id": home,
                "name": f"{('Ani', 'Budi', 'Citra', 'Dedi', 'Endah', 'Fajar')[number]} {self.called.run}",
                "nik_absent_reason": "not_shown",
                "sex": "female" if number % 2 == 0 else "male",
                "birth_year": 1960 + 5 * number,
            }
            writes.append((RESIDENTS, person))
            welfare = {"id": self.called("welfare", number), "status": "poor", "held_on": ago(350)}
            heads = {"total": 64, "women": 31, "poor": 20}
            decided = welfare | {"minutes_reference": "BA/PS", "attendance": heads}
            writes.append((f"{HOUSEHOLDS}/{home}/welfare-statuses", decided))
        verdicts = self._batch(by, "residents", writes)
        assert [one["status"] for one in verdicts] == [201] * 15 + [422, 422, 404]

        home, person = (
            f"{root}/{self.called(name, 0)}" for root, name in ((HOUSEHOLDS, "household"), (RESIDENTS, "resident"))
        )
        # The version is that of the last reply: whoever reads names leaves an entry each time.
        edited = by.edited(home, {"head_id": self.called("resident", 0)}, key="head", tag='"1"')
        moved = {
            "id": self.called("moved"),
            "kelurahan_code": self.code,
            "rt": "004",
            "rw": "005",
            "moved_on": ago(100),
        }
        by.acted(home, "move", moved, key="move", tag=edited.headers["ETag"])
        by.edited(f"{RESIDENTS}/{self.called('resident', 1)}", {"phone": "0274 000002"}, key="phone", tag='"1"')
        consent = {"resident_id": self.called("resident", 1), "purpose": "programme", "data": ["identity"]}
        given = consent | {"manner": "signed_form", "reference": "FORM/1", "starts_on": ago(300)}
        by.made("/registry/v1/consents", given, name="consent")
        withdrawn = {"withdrawn_on": ago(10)}
        by.acted(f"/registry/v1/consents/{self.called('consent')}", "withdrawal", withdrawn, key="withdrawal")

    def _batch(self, by: Insistent, name: str, writes: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Send many writes; the keys that count are theirs."""
        requests = [
            {"method": "POST", "path": path, "body": body, "idempotency_key": self.called("batch", name, number)}
            for number, (path, body) in enumerate(writes)
        ]
        reply = by.json("POST", "/registry/v1/batch", {"requests": requests})
        return list(reply.json()["responses"])

    def _groups(self) -> None:
        by = self.people["board_officer"]
        for number, kind in enumerate(("economic", "social")):
            draft = {"board_id": self.called("board"), "name": f"KSM Contoh {number}", "kind": kind, "bond": "domicile"}
            by.made(GROUPS, draft | {"formed_on": ago(250), "members": 8, "women": 5}, name=f"group {number}")
        group = f"{GROUPS}/{self.called('group 0')}"
        for number, role in ((1, "chair"), (2, "member"), (3, "treasurer")):
            draft = {"resident_id": self.called("resident", number), "role": role, "starts_on": ago(240)}
            by.keyed(f"{group}/memberships", draft, key=f"membership {number}")
        saved = {"month": ago(200)[:7], "savings_rupiah": 45_000, "savers": 3, "meeting_held": True}
        by.made(f"{group}/savings-months", saved, name="savings")
        month = f"{group}/savings-months/{self.called('savings')}"
        by.edited(month, {"savings_rupiah": 50_000}, key="savings")
        signed = {"signed_on": ago(200), "document_reference": "TR/1", "signatories": 3}
        by.acted(group, "joint-liability", signed, key="liability")
        by.edited(f"{GROUPS}/{self.called('group 1')}", {"members": 9}, key="members")

    def _carried(self) -> None:
        """Push what a phone gathered offline, with one record that is refused."""
        by = self.people["facilitator"]
        self.home.sealed("registry")
        page: dict[str, Any] = {"timestamp": "null", "more": True}
        while page["more"]:
            page = by.send("GET", f"/registry/v1/sync/pull?last_pulled_at={page['timestamp']}").json()
        group = {"board_id": self.called("board"), "kind": "social", "bond": "activity", "formed_on": ago(150)}
        groups = [
            group | {"id": self.called("offline", number), "name": f"KSM Luring {number}", "members": 9, "women": women}
            for number, women in enumerate((5, 6, 90))
        ]
        member = {"resident_id": self.called("resident", 4), "role": "chair", "starts_on": ago(140)}
        joined = member | {"id": self.called("offline member"), "group_id": self.called("offline", 0)}
        edited = {"id": self.called("group 1"), "_status": "updated", "_changed": "name", "name": "KSM Contoh Luring"}
        person = {"id": self.called("offline volunteer"), "person_id": self.called("offline volunteer's person")}
        named = {"kelurahan_code": self.code, "name": "Relawan Luring", "sex": "female", "phone": "0274 000003"}
        volunteer = person | named | {"roles": json.dumps(["survey_team"]), "starts_on": ago(130)}
        changes = {
            "volunteers": {"created": [volunteer], "updated": [], "deleted": []},
            "groups": {"created": groups, "updated": [edited], "deleted": []},
            "memberships": {"created": [joined], "updated": [], "deleted": []},
        }
        reply = by.json("POST", f"/registry/v1/sync/push?last_pulled_at={page['timestamp']}", changes)
        assert reply.json()["experimentalRejectedIds"] == {"groups": [self.called("offline", 2)]}, reply.text

    def _files(self) -> None:
        """Take a file of groups, and another one back again."""
        by = self.people["board_officer"]
        row = {"ID lembaga": self.called("board"), "Jenis": "sosial", "Kesamaan": "domisili"}
        row |= {"Tanggal terbentuk": ago(200), "Anggota": "10"}
        for name in ("kept", "undone"):
            rows = [row | {"Nama": f"KSM {name} {n}", "Perempuan": "6" if n >= REFUSED else "60"} for n in range(ROWS)]
            reply = by.send(
                "POST",
                f"{IMPORTS}?kind=groups&mode=commit",
                key=f"file {name}",
                content=csv_file(rows),
                headers={"Content-Type": "text/csv"},
            )
            assert reply.status_code == 202, reply.text
            job = f"/registry/v1/jobs/{reply.json()['id']}"
            eventually(lambda job=job: by.send("GET", job).json()["state"] == "succeeded")
            one = f"{IMPORTS}/{reply.json()['id']}"
            seen = by.send("GET", one).json()
            assert (seen["accepted"], seen["refused"]) == (ROWS - REFUSED, REFUSED)
        by.json("POST", f"{one}/undo", None, key="undo", tag=by.tag(one))

    def _papers(self) -> None:
        by, root = self.people["facilitator"], "/registry/v1/attachments"
        paper = b"%PDF-1.7\n" + Random(1).randbytes(3 * PART) + b"%%EOF\n"
        for name in ("deed", "statutes"):
            draft = {"subject": f"boards/{self.called('board')}", "purpose": name, "media_type": "application/pdf"}
            by.made(root, draft | {"size": len(paper), "sha256": hashlib.sha256(paper).hexdigest()}, name=name)
            for start, end in pairwise([*range(0, len(paper), PART), len(paper)]):
                headers = {"Upload-Offset": str(start), "Content-Type": "application/octet-stream"}
                part = by.send("POST", f"{root}/{self.called(name)}/parts", content=paper[start:end], headers=headers)
                assert (part.status_code, part.json()["received"]) == (200, end), part.text
        by.acted(f"{root}/{self.called('statutes')}", "withdrawal", None, key="paper")

    def _plan(self) -> None:
        by = self.people["board_officer"]
        by.made(PROBLEMS, problem_draft(self.code), name="problem")
        problem = f"{PROBLEMS}/{self.called('problem')}"
        by.edited(problem, {"households_affected": 50}, key="affected")
        by.made(f"{problem}/causes", {"statement": "Saluran tersumbat"}, name="cause")
        root = {"parent_cause_id": self.called("cause"), "statement": "Belum ada iuran", "root": True}
        by.keyed(f"{problem}/causes", root, key="root")
        plan = {"board_id": self.called("board"), "kelurahan_code": self.code, "title": "PJM", "starts_on": ago(300)}
        by.made(PLANS, plan | {"title": "PJM Pronangkis"}, name="plan")
        self.plan = f"{PLANS}/{self.called('plan')}"
        by.edited(self.plan, {"vision": "Gang kering"}, key="vision")
        drain = drain_draft(self.called("problem"))
        by.made(f"{self.plan}/activities", drain, name="drain")
        by.keyed(f"{self.plan}/activities", drain | {"title": "Saluran RT 04", "priority_rank": 2}, key="second")
        self.drain = f"{ACTIVITIES}/{self.called('drain')}"
        by.edited(self.drain, {"location": "RT 03"}, key="location")
        ratified = meeting_draft(id=self.called("meeting"))
        self.people["facilitator"].acted(self.plan, "ratification", ratified, key="ratification")

    def _works(self) -> None:
        by = self.people["group_officer"]
        for percent, on in ((10, 200), (60, 150)):
            by.keyed(f"{self.drain}/progress", {"percent": percent, "occurred_on": ago(on)}, key=f"progress {percent}")
        by.made(f"{self.drain}/progress", {"percent": 100, "occurred_on": ago(120)}, name="finished")
        for stage, on in (("during", 150), ("after", 119)):
            query = {"stage": stage, "taken_on": ago(on)}
            # The one has an id of its own, the other only a key.
            own, key = ({"photo_id": self.called("photo")}, None) if stage == "after" else ({}, "photo")
            picture = {"content": drawn(stage, "Saluran"), "headers": {"Content-Type": "image/jpeg"}}
            sent = by.send("POST", f"{self.drain}/photos", key=key, params=query | own, **picture)
            assert sent.is_success, sent.text
        handover = {"held_on": ago(110), "received_by": "kpp", "upkeep_plan": "Dibersihkan tiap bulan"}
        self.people["supervisor"].acted(self.drain, "handover", handover, key="handover")

    def _money(self) -> None:
        by, bank = self.people["board_officer"], self.bank
        sought = {"activity_id": self.called("drain"), "gap_rupiah": CHANNELED, "summary": "Drainase 120 m di RT 03."}
        sought |= {"published_on": ago(100), "open_until": (TODAY + timedelta(days=30)).isoformat()}
        by.made(f"{CHANNELING}/opportunities", sought, name="opportunity")
        offer = {"opportunity_id": self.called("opportunity"), "partner_id": self.bank_id, "instrument": "grant"}
        offer |= {"committed_rupiah": CHANNELED, "starts_on": ago(90), "ends_on": ago(-100), "offered_on": ago(90)}
        made = bank.keyed(f"{CHANNELING}/agreements", offer | {"reference": "MOU/1"}, key="offer")
        agreement = f"{CHANNELING}/agreements/{made.json()['id']}"
        by.acted(agreement, "acceptance", {"agreed_on": ago(80)}, key="acceptance")
        for number in range(2):
            money = {"amount_rupiah": 10_000_000, "sent_on": ago(70), "reference": f"TRF/{number}"}
            sent = bank.keyed(f"{agreement}/disbursements", money, key=f"money {number}")
            arrived = {"received_on": ago(69), "amount_rupiah": 10_000_000}
            by.acted(f"{CHANNELING}/disbursements/{sent.json()['id']}", "confirmation", arrived, key=f"came {number}")
        seen = by.send("GET", agreement).json()
        assert (seen["sent_rupiah"], seen["received_rupiah"]) == (20_000_000, 20_000_000)
