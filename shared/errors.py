"""Refusals: what can be wrong with a request, in both languages, each with a stable code.

    Refusal
    ├── Malformed            400   the request cannot be read
    ├── Unauthenticated      401   no valid token
    ├── Forbidden            403   a scope or a region is missing
    ├── NotFound             404   absent, or not for the caller to know of
    ├── Conflict             409   not now
    ├── Stale                412   somebody else was faster
    ├── Invalid              422   read, and wrong
    ├── PreconditionMissing  428   say which version you saw
    ├── TooMany              429   slower
    ├── UpstreamFailed       502   a service this one relies on answered nonsense
    └── Unavailable          503   try again

An error is defined beside the code that raises it, and inherits one of the families.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Language = Literal["id", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Indonesian and in English; `{name}` is filled in when it is said."""

    id: str
    en: str

    def said(self, language: Language, values: Mapping[str, object]) -> str:
        sentence = self.id if language == "id" else self.en
        return sentence.format_map(values) if values else sentence


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong place in a body: a JSON pointer, a stable code and what is wrong there."""

    pointer: str
    code: str
    message: Text
    values: Mapping[str, object]


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a failure
    """Why a request is refused; `values` fill the texts, `members` are added to the problem."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[Text]
    detail: ClassVar[Text]
    fix: ClassVar[Text]

    def __init__(
        self,
        *,
        pointer: str | None = None,
        faults: Sequence[Fault] = (),
        members: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        **values: object,
    ) -> None:
        super().__init__(self.code)
        self.values = values
        self.members = dict(members or {})
        self.retry_after = retry_after
        self.faults = list(faults)
        if pointer is not None:
            self.faults.append(Fault(pointer, self.code, self.detail, values))


class Malformed(Refusal):
    status = 400


class Unauthenticated(Refusal):
    status = 401


class Forbidden(Refusal):
    status = 403


class NotFound(Refusal):
    status = 404


class Conflict(Refusal):
    status = 409


class Stale(Refusal):
    status = 412


class Invalid(Refusal):
    status = 422


class PreconditionMissing(Refusal):
    status = 428


class TooMany(Refusal):
    status = 429


class UpstreamFailed(Refusal):
    status = 502


class Unavailable(Refusal):
    status = 503


def all_refusals() -> list[type[Refusal]]:
    """Return every refusal that has been defined, by code; the catalogue is made from it."""
    found: dict[str, type[Refusal]] = {}
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if "code" in vars(kind) and (kind.code not in found or kind.__module__ < found[kind.code].__module__):
            found[kind.code] = kind
    return [found[code] for code in sorted(found)]


class ResourceNotFound(NotFound):
    code = "resource.not_found"
    title = Text("Tidak ditemukan", "Not found")
    detail = Text(
        "Yang diminta tidak ada, atau tidak boleh Anda ketahui.",
        "What was asked for does not exist, or is not yours to know of.",
    )
    fix = Text(
        "Periksa alamat dan id; masuklah dengan akun yang berwenang di wilayahnya.",
        "Check the address and the id; sign in with an account that serves its region.",
    )


class AlreadyThere(Conflict):
    code = "item.already_there"
    title = Text("Sudah ada", "Already there")
    detail = Text(
        "Data yang sama sudah ada: dengan id, nama, nomor, atau urutan itu.",
        "The same is there already: with that id, name, number or order.",
    )
    fix = Text(
        "Ambil data yang ada, dengan id di `existing` bila disebut.",
        "Read what is there, under the id in `existing` where one is given.",
    )


class MethodUnknown(Refusal):
    status = 405
    code = "method.unknown"
    title = Text("Metode tidak tersedia", "Method not available")
    detail = Text("Alamat ini tidak menerima metode tersebut.", "This address does not take that method.")
    fix = Text("Lihat dokumen OpenAPI.", "See the OpenAPI document.")


class Unforeseen(Refusal):
    status = 500
    code = "server.failed"
    title = Text("Kesalahan pada peladen", "Server failure")
    detail = Text(
        "Terjadi kesalahan yang tidak terduga; tidak ada yang tersimpan.",
        "Something unforeseen went wrong; nothing was saved.",
    )
    fix = Text(
        "Ulangi dengan Idempotency-Key yang sama; bila berulang, laporkan request_id.",
        "Send it again with the same Idempotency-Key; if it persists, report the request_id.",
    )


class DatabaseBusy(Unavailable):
    code = "database.busy"
    title = Text("Basis data sibuk", "Database busy")
    detail = Text(
        "Basis data tidak dapat menyelesaikan permintaan ini sekarang; tidak ada yang tersimpan.",
        "The database cannot finish this request now; nothing was saved.",
    )
    fix = Text("Ulangi beberapa detik lagi.", "Try again in a few seconds.")


class BodyInvalid(Invalid):
    code = "body.invalid"
    title = Text("Isi permintaan tidak sah", "Invalid body")
    detail = Text(
        "Ada {count} kesalahan pada isi permintaan; lihat `errors`.",
        "The body has {count} fault(s); see `errors`.",
    )
    fix = Text("Perbaiki setiap tempat di `errors`.", "Mend every place named in `errors`.")


class BodyUnreadable(Malformed):
    code = "body.unreadable"
    title = Text("Isi permintaan tidak terbaca", "Unreadable body")
    detail = Text("Isi permintaan bukan JSON yang sah.", "The body is not valid JSON.")
    fix = Text(
        "Kirim satu objek JSON dengan Content-Type: application/json.",
        "Send one JSON object with Content-Type: application/json.",
    )


class BodyTooLarge(Refusal):
    status = 413
    code = "body.too_large"
    title = Text("Isi permintaan terlalu besar", "Body too large")
    detail = Text("Isi permintaan melebihi batas alamat ini.", "The body exceeds the limit of this address.")
    fix = Text("Kirim dalam bagian yang lebih kecil.", "Send it in smaller parts.")


class ValueUnusable(Malformed):
    code = "value.unusable"
    title = Text("Nilai tidak dapat dipakai", "Unusable value")
    detail = Text(
        "Salah satu nilai tidak dapat disimpan atau dicari, misalnya memuat karakter NUL.",
        "One of the values cannot be stored or searched for, for example because it holds a NUL character.",
    )
    fix = Text("Hapus karakter yang tidak tampak.", "Remove invisible characters.")


class QueryInvalid(Malformed):
    code = "query.invalid"
    title = Text("Parameter tidak sah", "Invalid parameter")
    detail = Text(
        "Ada {count} kesalahan pada parameter kueri; lihat `errors`.",
        "The query has {count} fault(s); see `errors`.",
    )
    fix = Text(
        "Pakai hanya parameter dan nilai yang ada di dokumen OpenAPI.",
        "Use only the parameters and values in the OpenAPI document.",
    )


class HeaderInvalid(Malformed):
    code = "header.invalid"
    title = Text("Header tidak sah", "Invalid header")
    detail = Text("Header {header} tidak sah.", "The header {header} is not valid.")
    fix = Text("Lihat dokumen OpenAPI untuk bentuknya.", "See the OpenAPI document for its form.")
