"""Chapter three: what boards still lack, who offers it, and money that both sides say has arrived."""

from dataclasses import dataclass
from datetime import date, timedelta

from deploy.demo.boards import Board, Fate
from deploy.demo.cast import PARTNERS, Cast
from deploy.demo.client import Json, Person, named, together
from deploy.demo.hero import CHANNELED, DRAIN, FLOOD, TRANCHES, WORKS_BEGAN, ago
from deploy.demo.places import HERO
from deploy.demo.plans import Work, works_of

ROOT = "/planning/v1/channeling"
GIVERS = ("ngo", "university", "firm", "association")
SUMMARY = "{title}: {volume} {unit} untuk {households} KK; warga menyumbang tenaga (contoh)."


@dataclass(frozen=True, slots=True)
class Deal:
    """An agreement of the story: how much, when, and what became of the money."""

    key: str
    partner: str
    board_side: str
    instrument: str
    rupiah: int
    offered_on: date
    tranches: tuple[int, ...] = ()
    accepted: bool = True
    last: str = "received"
    """What became of the last tranche: received, sent (nobody said yet that it came), or disputed."""

    @property
    def id(self) -> str:
        return named("agreement", self.key)


def sought(boards: list[Board]) -> list[Work]:
    """Return the works for which a partner is or was sought."""
    decided = [board for board in boards if board.fate is not Fate.DRAFTING]
    return [work for board in decided for work in works_of(board) if work.channeled]


async def channel(cast: Cast, works: list[Work]) -> None:
    """Publish what is lacking; for the works of the first year, agree and send the money."""
    await together(_channel(cast, work, turn) for turn, work in enumerate(works))


async def _channel(cast: Cast, work: Work, turn: int) -> None:
    secretary, today = cast[work.board.kelurahan.secretary], work.board.today
    published = today - timedelta(days=30 + turn) if work.waits else work.due - timedelta(days=45)
    until = today + timedelta(days=30 + 7 * turn) if work.waits else work.due + timedelta(days=200)
    summary = SUMMARY.format(title=work.need.work, volume=work.volume, unit=work.need.unit, households=work.households)
    gap = work.funding["channeling"]
    await seek(secretary, work.id, gap=gap, summary=summary, published=published, until=until)
    deal = _deal(work, turn, gap=gap, published=published)
    if deal is not None:
        await agree(cast, deal, work.id)
    cast.api.advance()


def _deal(work: Work, turn: int, *, gap: int, published: date) -> Deal | None:
    """Return what came of the search: by turns all went well, half came, or nobody has answered yet."""
    partner = PARTNERS[0].key if turn % 3 == 0 else GIVERS[turn % len(GIVERS)]
    side, offered = work.board.kelurahan.secretary, published + timedelta(days=12)
    instrument = "grant" if partner != "university" else "technical_assistance"
    if work.waits:
        # An offer on the table that nobody has accepted yet, for one in five; the others wait for one.
        return Deal(work.id, partner, side, instrument, gap // 2, offered, accepted=False) if turn % 5 == 0 else None
    first = gap * 3 // 5
    tranches: tuple[int, ...] = (first, gap - first)
    last = "received"
    match turn % 6:
        case 1:
            tranches = (first,)
        case 2:
            last = "sent"
        case 4:
            last = "disputed"
    return Deal(work.id, partner, side, instrument, gap, offered, tranches, last=last)


async def channel_to_the_drain(cast: Cast, board: Board) -> None:
    """Let the bank find the drain of Kricak, agree with its board and send the money in two parts."""
    published = ago(board, WORKS_BEGAN + 60)
    summary = f"{FLOOD.work}: 120 m untuk 46 KK yang tergenang setiap hujan; warga menyumbang tenaga (contoh)."
    secretary = cast["sekretaris-kricak"]
    await seek(secretary, DRAIN, gap=CHANNELED, summary=summary, published=published, until=ago(board, WORKS_BEGAN))
    offered = published + timedelta(days=10)
    await agree(cast, Deal(HERO, "bank", "koordinator-kricak", "grant", CHANNELED, offered, TRANCHES), DRAIN)


async def seek(secretary: Person, activity_id: str, *, gap: int, summary: str, published: date, until: date) -> None:
    """Publish what an activity still lacks, in rupiah."""
    draft: Json = {
        "id": named("opportunity", activity_id),
        "activity_id": activity_id,
        "gap_rupiah": gap,
        "summary": summary,
        "published_on": published.isoformat(),
        "open_until": until.isoformat(),
    }
    await secretary.post(f"{ROOT}/opportunities", draft)


async def agree(cast: Cast, deal: Deal, activity_id: str) -> None:
    """Offer for a partner, accept for the board, send and confirm."""
    partner, board = cast[deal.partner], cast[deal.board_side]
    draft: Json = {
        "id": deal.id,
        "opportunity_id": named("opportunity", activity_id),
        "partner_id": named("partner", deal.partner),
        "instrument": deal.instrument,
        "committed_rupiah": deal.rupiah,
        "starts_on": deal.offered_on.isoformat(),
        "ends_on": (deal.offered_on + timedelta(days=365)).isoformat(),
        "reference": f"MOU/CONTOH/{deal.offered_on:%Y%m%d}",
        "offered_on": deal.offered_on.isoformat(),
    }
    offer = await partner.post(f"{ROOT}/agreements", draft)
    agreed_on = deal.offered_on + timedelta(days=6)
    if deal.accepted and offer["state"] == "offered":
        await board.act(f"{ROOT}/agreements/{deal.id}", "acceptance", {"agreed_on": agreed_on.isoformat()})
    for number, amount in enumerate(deal.tranches):
        fate = deal.last if number == len(deal.tranches) - 1 else "received"
        sent_on = agreed_on + timedelta(days=5 + 60 * number)
        await _send(partner, board, deal, number=number, amount=amount, sent_on=sent_on, fate=fate)


async def _send(
    partner: Person, board: Person, deal: Deal, *, number: int, amount: int, sent_on: date, fate: str
) -> None:
    money = named("disbursement", deal.key, number)
    draft: Json = {
        "id": money,
        "amount_rupiah": amount,
        "sent_on": sent_on.isoformat(),
        "reference": f"TRF/CONTOH/{sent_on:%Y%m%d}/{number + 1}",
    }
    sent = await partner.post(f"{ROOT}/agreements/{deal.id}/disbursements", draft)
    if fate == "sent" or sent["state"] != "sent":
        return
    confirmation: Json = {"received_on": (sent_on + timedelta(days=2)).isoformat(), "amount_rupiah": amount}
    if fate == "disputed":
        confirmation |= {"amount_rupiah": amount - 1_000_000, "reason": "Di rekening kurang Rp 1.000.000 (contoh)"}
    await board.act(f"{ROOT}/disbursements/{money}", "confirmation", confirmation)
