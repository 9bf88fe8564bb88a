"""What the command line says, in the language of whoever sits before it."""

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Language, Text


class Machine(BaseSettings):
    """What a machine says of its language; the first of these that is there counts."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    language: str = Field(
        "en",
        validation_alias=AliasChoices("TRIDAYA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"),
        description="Commands and problems speak Indonesian where it begins with `id`, else English",
    )


def language_here() -> Language:
    """Return the language of this machine."""
    return "id" if Machine().language.startswith("id") else "en"


def put(text: Text, **values: object) -> str:
    """Return a sentence in the language of this machine."""
    return text.said(language_here(), values)


NO_ADDRESS = Text("--url bukan alamat http:// atau https://.", "--url is no http:// or https:// address.")
WHO_ASKS = Text(
    "Siapa yang meminta? Isi TRIDAYA_TOKEN, atau TRIDAYA_CLIENT_ID dan TRIDAYA_CLIENT_SECRET, atau jalankan di terminal.",
    "Who is asking? Set TRIDAYA_TOKEN, or TRIDAYA_CLIENT_ID and TRIDAYA_CLIENT_SECRET, or ask from a terminal.",
)
USER_NAME, PASSWORD = Text("Nama pengguna", "User name"), Text("Sandi", "Password")
INTERRUPTED = Text("Terputus.", "Interrupted.")
NOTHING_SAVED = Text("Putus: {why}. Tidak ada yang disimpan.", "Broken off: {why}. Nothing was saved.")
NO_FILE = Text("berkas", "file")
STRANGE = Text("ini bukan jawaban Tridaya.", "this is no answer of Tridaya.")
REFUSED = Text("Ditolak ({status} {code}): {detail}", "Refused ({status} {code}): {detail}")
REQUEST = Text("  permintaan {id}", "  request {id}")
UNREACHABLE = Text("{address} tidak dapat dihubungi: {why}", "{address} cannot be reached: {why}")

ENDS_IN = Text("{file}: nama berkas harus berakhiran {endings}.", "{file}: a file ends in {endings}.")
IS_THERE = Text("{file} sudah ada.", "{file} is there already.")
SENT_BEFORE = Text(
    "Berkas ini sudah pernah dikirim; inilah hasilnya. Untuk mengirim lagi: --again",
    "This file was sent before; this is what became of it. To send it anew: --again",
)
GOES_ON = Text(
    "Impor tetap berjalan. Lihat dengan `jobs {id}`, batalkan dengan `--cancel`.",
    "The import goes on without you. Look with `jobs {id}`, call it off with `--cancel`.",
)
VERDICTS = Text(
    "{kind} ({mode}): {rows:,} baris: {accepted:,} diterima, {existing:,} sudah ada, {refused:,} ditolak,"
    " {withdrawn:,} ditarik, {waiting:,} menunggu",
    "{kind} ({mode}): {rows:,} rows: {accepted:,} accepted, {existing:,} existing, {refused:,} refused,"
    " {withdrawn:,} withdrawn, {waiting:,} waiting",
)
MODES = {"check": Text("periksa", "check"), "commit": Text("simpan", "commit")}
OF_THE_FIRST = Text("dari {most:,} baris pertama yang ditolak:", "of the first {most:,} refused rows:")
WRONG = Text("  {column}: {message} ({count:,}: baris {rows})", "  {column}: {message} ({count:,}: row {rows})")
TO_MEND = Text("Yang perlu diperbaiki: {file}", "What is to be mended: {file}")
UNFINISHED = Text("Belum selesai: {state}. {message}", "Unfinished: {state}. {message}")
STATES = {
    "queued": Text("menunggu", "queued"),
    "running": Text("dikerjakan", "running"),
    "succeeded": Text("selesai", "succeeded"),
    "failed": Text("gagal", "failed"),
    "cancelled": Text("dibatalkan", "cancelled"),
}

LIST_OR_FILTER = Text(
    "Daftar disebut seperti alamatnya, misalnya boards, dan tiap saringan sekali, sebagai NAMA=NILAI.",
    "A list is named as in its address, such as boards, and each filter once, as NAME=VALUE.",
)
SAVED = Text(
    "{file}: {rows:,} baris, {size:,} bita, sha256 {sha256}", "{file}: {rows:,} rows, {size:,} bytes, sha256 {sha256}"
)
LINE_BROKE = Text("sambungan putus setelah {size:,} bita", "the connection broke after {size:,} bytes")
NO_LIST = Text("alamat ini tidak memberi daftar utuh", "this address gives no whole list")
OTHER_BYTES = Text(
    "{size:,} bita tiba; menurut tanda terimanya {state}, {told} bita",
    "{size:,} bytes came; by its receipt it is {state}, {told} bytes",
)
OTHER_ROWS = Text(
    "{rows:,} baris tiba; menurut tanda terimanya {told:,}", "{rows:,} rows came; by its receipt {told:,}"
)

WHICH_ONE = Text("Yang mana? `jobs ID --cancel`", "Which one? `jobs ID --cancel`")
SINCE = Text(
    "--since adalah baris kedua suatu putusan: {service}:POSISI:SIDIK, sidiknya lengkap.",
    "--since is the second line of a verdict: {service}:POSITION:DIGEST, the digest in full.",
)

IMPORT = Text(
    "Kirim berkas. Kode keluar 0: semua baris diterima; 1: ada yang ditolak; 2: ditolak; 3: tidak terhubung; 4: belum selesai.",
    "Send a file. Exit code 0: every row is accepted; 1: some are not; 2: refused; 3: unreachable; 4: unfinished.",
)
EXPORT = Text(
    "Simpan daftar utuh. Kode keluar 0: semuanya, menurut tanda terimanya; 2: ditolak; 3: tidak terhubung; 4: putus.",
    "Save a whole list. Exit code 0: all of it, proven by its receipt; 2: refused; 3: unreachable; 4: broken off.",
)
JOBS = Text(
    "Lihat pekerjaan Anda. Kode keluar 0: ada; 2: ditolak, misalnya karena sudah berakhir; 3: tidak terhubung.",
    "Look at your jobs. Exit code 0: done; 2: refused, as when it has ended; 3: unreachable.",
)
VERIFY_JOURNAL = Text(
    "Periksa jurnal dengan pemeriksa yang terbuka. Kode keluar 0: utuh; 1: rusak, dan di mana; 3: tidak dapat diketahui.",
    "Verify the journal with the published verifier. Exit code 0: it holds; 1: broken, and where; 3: cannot be told.",
)
