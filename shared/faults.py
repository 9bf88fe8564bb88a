"""Validation faults in the house's own words: what the parser found, as stable codes in two languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.errors import Fault, Text

MOST_FAULTS = 100
UNKNOWN = ("value.invalid", Text("Nilai tidak sah.", "The value is not valid."))

KNOWN: dict[str, tuple[str, Text]] = {
    "missing": ("field.missing", Text("Wajib diisi.", "This field is required.")),
    "extra_forbidden": ("field.unknown", Text("Tidak dikenal di sini.", "Not known here.")),
    "control_character": (
        "value.control_character",
        Text("Tidak boleh memuat karakter kendali.", "Must not hold control characters."),
    ),
    "no_letter": ("value.no_letter", Text("Nama orang memuat huruf.", "A person's name holds letters.")),
    "no_phone": (
        "value.no_phone",
        Text(
            "Nomor telepon berisi angka, boleh diawali + dan diselingi spasi atau tanda.",
            "A telephone number is digits, after a + where there is one, with spaces or signs between.",
        ),
    ),
    "string_type": ("value.not_text", Text("Harus berupa teks.", "Must be text.")),
    "string_too_short": (
        "value.too_short",
        Text("Paling sedikit {min_length} karakter.", "At least {min_length} characters."),
    ),
    "string_too_long": (
        "value.too_long",
        Text("Paling banyak {max_length} karakter.", "At most {max_length} characters."),
    ),
    "string_pattern_mismatch": (
        "value.pattern",
        Text("Tidak sesuai pola {pattern}.", "Does not match the pattern {pattern}."),
    ),
    "int_type": ("value.not_integer", Text("Harus bilangan bulat.", "Must be an integer.")),
    "int_parsing": ("value.not_integer", Text("Harus bilangan bulat.", "Must be an integer.")),
    "int_from_float": ("value.not_integer", Text("Harus bilangan bulat.", "Must be an integer.")),
    "float_type": ("value.not_number", Text("Harus bilangan.", "Must be a number.")),
    "bool_type": ("value.not_boolean", Text("Harus true atau false.", "Must be true or false.")),
    "greater_than_equal": ("value.too_small", Text("Paling kecil {ge}.", "At least {ge}.")),
    "greater_than": ("value.too_small", Text("Harus lebih dari {gt}.", "Must be more than {gt}.")),
    "less_than_equal": ("value.too_large", Text("Paling besar {le}.", "At most {le}.")),
    "less_than": ("value.too_large", Text("Harus kurang dari {lt}.", "Must be less than {lt}.")),
    "enum": ("value.not_a_choice", Text("Pilih salah satu dari {expected}.", "Choose one of {expected}.")),
    "literal_error": ("value.not_a_choice", Text("Pilih salah satu dari {expected}.", "Choose one of {expected}.")),
    "uuid_type": ("value.not_uuid", Text("Harus UUID.", "Must be a UUID.")),
    "uuid_parsing": ("value.not_uuid", Text("Harus UUID.", "Must be a UUID.")),
    "date_type": ("value.not_date", Text("Harus tanggal YYYY-MM-DD.", "Must be a date, YYYY-MM-DD.")),
    "date_parsing": ("value.not_date", Text("Harus tanggal YYYY-MM-DD.", "Must be a date, YYYY-MM-DD.")),
    "date_from_datetime_parsing": ("value.not_date", Text("Harus tanggal YYYY-MM-DD.", "Must be a date, YYYY-MM-DD.")),
    "date_from_datetime_inexact": ("value.not_date", Text("Harus tanggal YYYY-MM-DD.", "Must be a date, YYYY-MM-DD.")),
    "datetime_parsing": (
        "value.not_time",
        Text("Harus waktu RFC 3339 dengan zona.", "Must be an RFC 3339 time with a zone."),
    ),
    "timezone_aware": (
        "value.not_time",
        Text("Harus waktu RFC 3339 dengan zona.", "Must be an RFC 3339 time with a zone."),
    ),
    "list_type": ("value.not_list", Text("Harus daftar.", "Must be a list.")),
    "too_short": ("list.too_short", Text("Paling sedikit {min_length} isi.", "At least {min_length} items.")),
    "too_long": ("list.too_long", Text("Paling banyak {max_length} isi.", "At most {max_length} items.")),
    "model_type": ("value.not_object", Text("Harus objek JSON.", "Must be a JSON object.")),
    "model_attributes_type": ("value.not_object", Text("Harus objek JSON.", "Must be a JSON object.")),
    "dict_type": ("value.not_object", Text("Harus objek JSON.", "Must be a JSON object.")),
}


def pointer(location: Iterable[Any]) -> str:
    """Return the JSON pointer (RFC 6901) of a place inside a body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def fault(error: Mapping[str, Any]) -> Fault:
    """Translate one of the parser's errors; its own words never leave."""
    kind = error["type"]
    if kind in {"too_short", "too_long"} and isinstance(error.get("input"), str):
        # What is secret is text too.
        kind = f"string_{kind}"
    code, message = KNOWN.get(kind, UNKNOWN)
    place = (
        error["loc"][1:] if error["loc"] and error["loc"][0] in {"body", "query", "path", "header"} else error["loc"]
    )
    values = {key: value for key, value in (error.get("ctx") or {}).items() if isinstance(value, str | int | float)}
    if "expected" in values:
        # The parser joins its choices by an English word.
        values["expected"] = str(values["expected"]).replace("' or '", "', '")
    return Fault(pointer(place), code, message, values)


def faults(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Translate the parser's errors, the first hundred of them."""
    return [fault(error) for error in errors[:MOST_FAULTS]]
