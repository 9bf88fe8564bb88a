"""What files bring of complaints: the paper books in which they were written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.clients.registry import RegistryClient
from services.monitoring.complaints import service
from services.monitoring.complaints.models import Complaint, ComplaintDetails, ComplaintStep
from services.monitoring.complaints.rules import AccusedKind, Category, Channel, ComplaintScope
from services.monitoring.complaints.schemas import ComplaintDraft
from shared.errors import Text
from shared.importables import Column, Importable, one_by_one
from shared.journal import Change
from shared.permissions import Caller

COLUMNS = (
    Column(
        "Kode kelurahan",
        "kelurahan_code",
        Text("Kode Kemendagri", "Code of the Ministry of Home Affairs"),
        "34.71.03.1001",
    ),
    Column(
        "Tanggal kejadian",
        "occurred_on",
        Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY"),
        "2024-01-15",
    ),
    Column(
        "Jenis",
        "scope",
        Text("Tentang apa", "What it is about"),
        "administrasi",
        choices={
            "administrasi": ComplaintScope.ADMINISTRATIVE,
            "keuangan": ComplaintScope.FINANCIAL,
            "informasi": ComplaintScope.INFORMATION,
        },
    ),
    Column(
        "Kategori",
        "category",
        Text("Yang dikatakan terjadi", "What is said to have happened"),
        "lain-lain",
        choices={
            "pelanggaran prinsip": Category.BREACH_OF_PRINCIPLES,
            "penyalahgunaan dana": Category.MISUSE_OF_FUNDS,
            "intervensi negatif": Category.NEGATIVE_INTERVENTION,
            "keadaan kahar": Category.FORCE_MAJEURE,
            "lain-lain": Category.OTHER,
        },
    ),
    Column("Isi", "text", Text("Seperti tertulis di buku", "As it stands in the book"), "Contoh pengaduan"),
    Column(
        "Terlapor",
        "accused/kind",
        Text("Tentang siapa; tidak akan melihatnya", "Whom it is about; who never sees it"),
        "lainnya",
        choices={"lembaga": AccusedKind.BOARD, "pengurus": AccusedKind.OFFICER, "lainnya": AccusedKind.OTHER},
    ),
    Column(
        "ID pengurus",
        "accused/officer_id",
        Text("Wajib bila terlapor pengurus", "Required when an officer is accused"),
    ),
    Column(
        "ID lembaga",
        "board_id",
        Text("Kosong: satu-satunya BKM/LKM di kelurahan", "Empty: the kelurahan's only board"),
    ),
    Column("ID kegiatan", "activity_id", Text("Boleh kosong", "May be empty")),
    Column(
        "Saluran",
        "channel",
        Text("Bagaimana disampaikan", "How it came in"),
        "kotak pengaduan",
        choices={
            "tatap muka": Channel.FACE_TO_FACE,
            "kotak pengaduan": Channel.COMPLAINT_BOX,
            "telepon": Channel.PHONE,
            "sms": Channel.SMS,
            "aplikasi pesan": Channel.MESSENGER,
            "surel": Channel.EMAIL,
            "surat": Channel.LETTER,
            "situs web": Channel.WEBSITE,
            "media sosial": Channel.SOCIAL_MEDIA,
            "kunjungan lapangan": Channel.FIELD_VISIT,
        },
    ),
    Column("Nilai", "amount_reported_rupiah", Text("Rupiah yang dikatakan hilang", "Rupiah said to be missing")),
    Column(
        "Kontak",
        "contact",
        Text("Pribadi", "Personal"),
        digits=True,
        restricted="monitoring:complaints:approve",
    ),
)


def _withdrawn(complaint: Any) -> Change:
    return service.complaint_change("complaint.withdrawn", complaint, on=complaint.occurred_on)


async def _count(session: AsyncSession, complaints: Sequence[Any], _by: Caller, now: datetime) -> None:
    await service.count_without(session, complaints, now=now)


def importable(registry: RegistryClient) -> Importable:
    """Return what files may bring; registry is asked about a board that is too new for the copy."""

    async def complaint(
        session: AsyncSession, draft: ComplaintDraft, *, by: Caller, now: datetime
    ) -> tuple[UUID, bool]:
        return await service.take_from_book(session, draft, registry=registry, by=by, now=now)

    return Importable(
        kind="complaints",
        draft=ComplaintDraft,
        scope="monitoring:complaints:write",
        columns=COLUMNS,
        record=one_by_one(complaint),
        model=Complaint,
        withdrawn=_withdrawn,
        parts=(ComplaintDetails, ComplaintStep),
        taken_back=_count,
        reading="complaint.contact_read",
    )
