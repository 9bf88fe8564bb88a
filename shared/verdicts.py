"""Verdicts: what is wrong with a row, told to whoever keeps the sheet: its columns, its words, an example."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import Fault, Refusal, Text
from shared.faults import KNOWN, MOST_FAULTS
from shared.importables import Column, Importable
from shared.items import IdTaken
from shared.permissions import RegionMissing

FIELD = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
PATTERN, CHOICE, INTEGER = (KNOWN[kind][0] for kind in ("string_pattern_mismatch", "enum", "int_type"))
PLACES = {"kelurahan_code", "code"}
"""Fields in which a row names the place that it stands in."""

FORM = Text("Bentuknya lain; contoh: {example}.", "Of another form; an example: {example}.")
WHOLE = Text("Harus bilangan bulat, tanpa titik atau koma.", "Must be a whole number, without points or commas.")


def told_faults(importable: Importable, found: Refusal | Sequence[Fault]) -> list[dict[str, Any]]:
    """Return faults as a row keeps them: column, code, and what is wrong in both languages."""
    if isinstance(found, Refusal):
        found = found.faults or [Fault(_place(importable, found), found.code, found.detail, found.values)]
    return [_told(importable, one) for one in found[:MOST_FAULTS]]


def _place(importable: Importable, refusal: Refusal) -> str:
    """Return the pointer of what a refusal speaks of that names no place in a body."""
    if isinstance(refusal, RegionMissing):
        return next((f"/{one.field}" for one in importable.columns if one.field in PLACES), "")
    return "/id" if isinstance(refusal, IdTaken) else ""


def _told(importable: Importable, fault: Fault) -> dict[str, Any]:
    header = importable.column_of(fault.pointer)
    column = next((one for one in importable.all_columns if one.header == header), None)
    message, values = _in_words_of_the_sheet(column, fault)
    found = told(header, fault.code, message, values)
    headers = {one.field: one.header for one in importable.all_columns}
    # A rule names the field of the body; whoever fills a sheet in knows its header.
    named = {
        language: FIELD.sub(lambda name: headers.get(name[0], name[0]), found[language]) for language in ("id", "en")
    }
    return found | named


def _in_words_of_the_sheet(column: Column | None, fault: Fault) -> tuple[Text, Mapping[str, object]]:
    if column is not None and fault.code == CHOICE and column.choices:
        return fault.message, {"expected": ", ".join(column.choices)}
    if column is not None and fault.code == PATTERN and column.example:
        return FORM, {"example": column.example}
    return (WHOLE if fault.code == INTEGER else fault.message), fault.values


def told(column: str | None, code: str, message: Text, values: Mapping[str, object]) -> dict[str, Any]:
    """Return one fault as a row keeps it."""
    return {"column": column, "code": code, "id": message.said("id", values), "en": message.said("en", values)}
