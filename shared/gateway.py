"""What the gateway refuses by itself: never raised here, but part of the catalogue like every other code."""

from shared.errors import Malformed, NotFound, Refusal, Text, TooMany, Unavailable


class RateLimited(TooMany):
    code = "rate.limited"
    title = Text("Terlalu banyak permintaan", "Too many requests")
    detail = Text("Permintaan datang terlalu cepat.", "Requests come too fast.")
    fix = Text("Tunggu selama waktu pada Retry-After.", "Wait for the time given in Retry-After.")


class RouteUnknown(NotFound):
    code = "route.unknown"
    title = Text("Alamat tidak dikenal", "No such address")
    detail = Text("Tidak ada layanan di alamat ini.", "Nothing is served at this address.")
    fix = Text("Lihat dokumen OpenAPI di /docs.", "See the OpenAPI documents at /docs.")


class RequestRefused(Malformed):
    code = "request.refused"
    title = Text("Permintaan ditolak", "Request refused")
    detail = Text(
        "Gerbang tidak menerima permintaan dalam bentuk ini.", "The gateway does not accept a request of this form."
    )
    fix = Text("Periksa alamat, metode dan header.", "Check the address, the method and the headers.")


class RequestTimeout(Refusal):
    status = 408
    code = "request.timeout"
    title = Text("Permintaan terlalu lambat", "Request too slow")
    detail = Text("Permintaan tidak diterima lengkap pada waktunya.", "The request did not arrive completely in time.")
    fix = Text(
        "Ulangi dengan Idempotency-Key yang sama; kecilkan foto.",
        "Send it again with the same Idempotency-Key; make photos smaller.",
    )


class HeadersTooLarge(Refusal):
    status = 431
    code = "headers.too_large"
    title = Text("Header terlalu besar", "Headers too large")
    detail = Text("Header permintaan melebihi 32 KB.", "The headers are larger than 32 KB.")
    fix = Text("Kirim lebih sedikit atau lebih pendek.", "Send fewer or shorter ones.")


class ServiceUnavailable(Unavailable):
    code = "service.unavailable"
    title = Text("Layanan tidak tersedia", "Service unavailable")
    detail = Text("Layanan sedang tidak menjawab.", "The service does not answer at the moment.")
    fix = Text(
        "Ulangi sebentar lagi, tulisan dengan Idempotency-Key yang sama.",
        "Try again shortly, a write with the same Idempotency-Key.",
    )


class ServiceTimeout(Refusal):
    status = 504
    code = "service.timeout"
    title = Text("Layanan terlalu lambat", "Service too slow")
    detail = Text("Layanan tidak menjawab pada waktunya.", "The service did not answer in time.")
    fix = Text(
        "Bacaan boleh diulang; tulisan dengan Idempotency-Key yang sama.",
        "A read may be tried again; a write with the same Idempotency-Key.",
    )


OF_THE_GATEWAY = (
    RateLimited,
    RouteUnknown,
    RequestRefused,
    RequestTimeout,
    HeadersTooLarge,
    ServiceUnavailable,
    ServiceTimeout,
)
