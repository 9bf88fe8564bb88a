"""What commands are asked: their arguments and options, explained in the language of this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from shared.errors import Text
from shared.jobstates import JobState
from shared.wording import put


class ListForm(StrEnum):
    """A form of whole lists."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


def _in(indonesian: str, english: str) -> str:
    return put(Text(indonesian, english))


Url = Annotated[
    str | None,
    typer.Option(
        help=_in(
            "Alamat gerbang; tanpa ini TRIDAYA_URL, lalu http://localhost:8080",
            "Address of the gateway; else TRIDAYA_URL, else http://localhost:8080",
        )
    ),
]
Kind = Annotated[str, typer.Argument(help=_in("Isi satu baris, misalnya boards", "What a row is, such as boards"))]
File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help=_in("CSV, XLSX, atau NDJSON", "CSV, XLSX or NDJSON"))
]
Check = Annotated[
    bool,
    typer.Option("--check", help=_in("Hanya periksa; tidak ada yang disimpan", "Only see the verdicts; keep nothing")),
]
Wait = Annotated[bool, typer.Option(help=_in("Tunggu hasilnya", "Wait for the verdicts"))]
Corrected = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help=_in(
            "Simpan baris yang ditolak di sini, dengan kesalahannya", "Save the refused rows here, with what is wrong"
        ),
    ),
]
Again = Annotated[
    bool,
    typer.Option("--again", help=_in("Kirim walaupun sudah pernah dikirim", "Send it though it was sent before")),
]
ListName = Annotated[
    str,
    typer.Argument(
        metavar="LIST",
        help=_in("Alamat daftar di belakang /v1/, misalnya boards", "The list's address behind /v1/, such as boards"),
    ),
]
Output = Annotated[
    Path, typer.Option("-o", "--output", dir_okay=False, help=_in("Tempat menyimpannya", "Where to save it"))
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="NAME=VALUE", help=_in("Saringan; boleh diulang", "A filter; may be repeated")),
]
Format = Annotated[ListForm, typer.Option("--format")]
JobId = Annotated[
    UUID | None,
    typer.Argument(metavar="[ID]", help=_in("Satu pekerjaan; tanpa ini yang terbaru", "One job; else the latest")),
]
Cancel = Annotated[
    bool,
    typer.Option("--cancel", help=_in("Batalkan: bagian yang selesai tetap ada", "Call it off: parts done stay")),
]
State = Annotated[
    JobState | None, typer.Option(help=_in("Hanya pekerjaan dalam keadaan ini", "Only jobs in this state"))
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="SERVICE:POSITION:DIGEST",
        help=_in("Lanjutkan dari yang sudah diperiksa", "Go on from what was verified before"),
    ),
]
