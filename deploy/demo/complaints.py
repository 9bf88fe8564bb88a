"""Chapter five: what went wrong and was said aloud; nobody needs an account for it."""

from dataclasses import dataclass
from datetime import timedelta

from deploy.demo.boards import Board
from deploy.demo.cast import Cast
from deploy.demo.client import Json, named, together


@dataclass(frozen=True, slots=True)
class Grievance:
    """A complaint and how far it came: nothing said, answered, resolved, or open again."""

    kelurahan: int
    scope: str
    category: str
    text: str
    accused: str
    days_ago: int
    channel: str = "website"
    answer: str = ""
    resolved: bool | None = None
    amount: int | None = None


GRIEVANCES = (
    Grievance(0, "information", "other", "Berapa lebar saluran yang disepakati?", "other", 320,
              answer="Lebar 60 cm, lihat gambar di balai RW.", resolved=True),
    Grievance(0, "administrative", "breach_of_principles", "Undangan rembug tidak sampai ke RT 04.", "other", 210,
              channel="complaint_box", answer="Undangan kini ditempel di setiap pos ronda.", resolved=True),
    Grievance(1, "financial", "misuse_of_funds", "Nota semen tidak sama dengan jumlah yang datang.", "board", 95,
              amount=1_750_000),
    Grievance(4, "administrative", "breach_of_principles", "Daftar penerima berubah setelah rembug.", "other", 160,
              channel="letter", answer="Daftar diperiksa ulang bersama pengawas.", resolved=False),
    Grievance(7, "administrative", "negative_intervention", "Warga diminta menandatangani daftar kosong.", "board", 40),
    Grievance(10, "financial", "misuse_of_funds", "Upah tukang belum dibayar penuh.", "other", 70,
              answer="Sisa upah dibayar hari Sabtu di sekretariat.", amount=600_000),
    Grievance(14, "administrative", "other", "Papan informasi kosong sejak tiga bulan.", "other", 120,
              channel="messenger", answer="Papan sudah diisi kembali.", resolved=True),
    Grievance(19, "administrative", "force_majeure", "Pekerjaan berhenti karena banjir.", "other", 30,
              channel="phone"),
    Grievance(24, "financial", "misuse_of_funds", "Harga batu lebih mahal dari toko sebelah.", "other", 250,
              answer="Harga sudah termasuk ongkos pikul ke gang.", resolved=False, amount=900_000),
    Grievance(27, "administrative", "other", "Air saluran baru meluap ke halaman.", "other", 0, channel="field_visit",
              answer="Mulut saluran dilebarkan hari ini juga.", resolved=True),
    Grievance(5, "administrative", "other", "Laporan keuangan bulan lalu belum ditempel.", "other", 0),
    Grievance(32, "information", "other", "Kapan pemilihan anggota BKM yang baru?", "other", 15),
)  # fmt: skip


async def complain(cast: Cast, boards: list[Board]) -> None:
    """File complaints, answer some, and let their complainants judge the answers."""
    await together(_complain(cast, boards[one.kelurahan], one) for one in GRIEVANCES)


async def _complain(cast: Cast, board: Board, grievance: Grievance) -> None:
    draft: Json = {
        "id": named("complaint", board.kelurahan.code, grievance.days_ago),
        "kelurahan_code": board.kelurahan.code,
        "board_id": board.id,
        "scope": grievance.scope,
        "category": grievance.category,
        "text": f"{grievance.text} (contoh)",
        "accused": {"kind": grievance.accused},
        "occurred_on": (board.today - timedelta(days=grievance.days_ago)).isoformat(),
        "channel": grievance.channel,
        "amount_reported_rupiah": grievance.amount,
    }
    receipt = await cast.nobody.post("/monitoring/v1/complaints", draft)
    code = receipt["tracking_code"]
    if grievance.answer and code:
        await _settle(cast, board, grievance, complaint_id=receipt["id"], code=code)
    cast.api.advance()


async def _settle(cast: Cast, board: Board, grievance: Grievance, *, complaint_id: str, code: str) -> None:
    handler, item = cast[board.kelurahan.facilitator], f"/monitoring/v1/complaints/{complaint_id}"
    if (await handler.get(item))["state"] == "received":
        await handler.act(item, "answer", {"text": grievance.answer})
    tracked = await cast.nobody.get("/monitoring/v1/complaints/tracked", headers={"Tracking-Code": code})
    if grievance.resolved is not None and tracked["state"] == "answered":
        confirmation = {"resolved": grievance.resolved, "note": None if grievance.resolved else "Belum selesai"}
        await cast.nobody.post(
            "/monitoring/v1/complaints/tracked/confirmation",
            confirmation,
            etag=tracked.etag,
            headers={"Tracking-Code": code},
            about=complaint_id,
        )
