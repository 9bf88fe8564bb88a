"""A bank of the journeys: a partner and the program that signs in for it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.journeys.home import Home, SignedIn, done
from tests.journeys.story import TODAY, ago

ROOT = "/planning/v1/channeling"


class Bank:
    """A partner and its program."""

    def __init__(self, home: Home) -> None:
        self.home = home
        coordinator = home.somebody("city_coordinator", "34.71")
        partner = coordinator.made("/registry/v1/partners", {"name": "Bank Contoh Perjalanan", "kind": "bank"})
        self.id = str(partner["id"])
        seen = {"evidence": "deed", "evidence_reference": "Akta 12 of 2020", "verified_on": ago(300)}
        manager = home.somebody("programme_manager", "*")
        done(manager.act(f"/registry/v1/partners/{self.id}", "verification", seen))
        client = {"name": f"bank-{uuid4().hex[:8]}", "org": self.id, "regions": ["34.71"]}
        opened = home.operator.made("/registry/v1/clients", client)
        self.name, self.secret = str(opened["name"]), str(opened["client_secret"])
        self.program = self.sign_in()

    def sign_in(self) -> SignedIn:
        tokens = self.home.token(grant_type="client_credentials", client_id=self.name, client_secret=self.secret)
        return SignedIn(self.home.http, tokens["access_token"])

    def found(self, by: SignedIn, activity: str, *, gap: int) -> str:
        """Have a board publish what an activity lacks; return the opportunity's id."""
        draft = {
            "activity_id": activity,
            "gap_rupiah": gap,
            "summary": "Drainase 120 m di RT 03; warga menyumbang tenaga.",
            "published_on": ago(260),
            "open_until": (TODAY + timedelta(days=30)).isoformat(),
        }
        return str(by.made(f"{ROOT}/opportunities", draft)["id"])

    def offered(self, opportunity: str, *, rupiah: int) -> str:
        """Offer to fund it; return the agreement's id."""
        draft: dict[str, Any] = {
            "opportunity_id": opportunity,
            "partner_id": self.id,
            "instrument": "grant",
            "committed_rupiah": rupiah,
            "starts_on": ago(250),
            "ends_on": ago(-100),
            "reference": "MOU/CONTOH/1",
            "offered_on": ago(250),
        }
        return str(self.program.made(f"{ROOT}/agreements", draft, Idempotency_Key=str(uuid4()))["id"])
