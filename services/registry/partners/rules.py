"""What kinds of partner there are (§8), and when one counts as verified."""

from enum import StrEnum

from shared.errors import Conflict, Invalid, Text


class PartnerKind(StrEnum):
    """Who channels: the field's own kinds (Seed: strategi, channeling)."""

    NGO = "ngo"
    BANK = "bank"
    UNIVERSITY = "university"
    FIRM = "firm"
    ASSOCIATION = "association"
    AGENCY = "agency"


class Evidence(StrEnum):
    """What a verification rests on.

    Akta pendirian, pengesahan badan hukum, izin usaha atau operasional, NPWP, surat keputusan pembentukan, perjanjian
    dengan program.
    """

    DEED = "deed"
    LEGAL_RECOGNITION = "legal_recognition"
    LICENCE = "licence"
    TAX_REGISTRATION = "tax_registration"
    DECREE = "decree"
    AGREEMENT = "agreement"


class VerificationEnd(StrEnum):
    """Why a verification counts no more.

    Diverifikasi ulang, nama atau nomor berubah, bukti tidak benar, bukti dicabut, lembaga bubar, pelanggaran, keliru
    dicatat.
    """

    REPLACED = "replaced"
    IDENTITY_CHANGED = "identity_changed"
    EVIDENCE_FALSE = "evidence_false"
    EVIDENCE_REVOKED = "evidence_revoked"
    DISSOLVED = "dissolved"
    MISCONDUCT = "misconduct"
    MISTAKEN = "mistaken"


class Withdrawal(StrEnum):
    """Why somebody takes a verification back; what ends by itself is not among it."""

    EVIDENCE_FALSE = "evidence_false"
    EVIDENCE_REVOKED = "evidence_revoked"
    DISSOLVED = "dissolved"
    MISCONDUCT = "misconduct"
    MISTAKEN = "mistaken"


IDENTITY = frozenset({"name", "registration_number", "tax_number"})
"""What was verified: when one of these changes, the partner has to be verified anew."""


class VerificationOver(Invalid):
    code = "partner.verification_over"
    title = Text("Bukti sudah tidak berlaku", "Evidence has expired")
    detail = Text("Bukti ini hanya berlaku sampai {expires_on}.", "This evidence was good until {expires_on}.")
    fix = Text("Mintalah bukti yang masih berlaku.", "Ask for evidence that is still good.")


class NotVerified(Conflict):
    code = "partner.not_verified"
    title = Text("Belum diverifikasi", "Not verified")
    detail = Text("Mitra ini tidak sedang terverifikasi.", "This partner is not verified.")
    fix = Text("Lihat data mitranya.", "See the partner.")


class PartnerUnknown(Invalid):
    code = "partner.unknown"
    title = Text("Mitra tidak dikenal", "Unknown partner")
    detail = Text("Tidak ada mitra dengan id {partner_id}.", "There is no partner with the id {partner_id}.")
    fix = Text("Cari id-nya di /registry/v1/partners.", "Look the id up in /registry/v1/partners.")


class ContactNameless(Invalid):
    code = "partner.contact_nameless"
    title = Text("Narahubung tanpa nama", "Contact without a name")
    detail = Text("Narahubung yang baru memerlukan nama.", "A new contact person needs a name.")
    fix = Text("Sebutkan namanya.", "Give the name.")


class ContactWithoutSeat(Invalid):
    code = "partner.contact_without_seat"
    title = Text("Narahubung tanpa kedudukan", "Contact without a seat")
    detail = Text(
        "Narahubung hanya dapat dicatat bila kedudukan mitra (region_code) diketahui: dari sana diatur siapa yang boleh "
        "melihatnya.",
        "A contact person is kept only where the partner's seat (region_code) is known: it decides who may see it.",
    )
    fix = Text("Isi region_code lebih dahulu.", "Give region_code first.")
