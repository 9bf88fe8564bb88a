"""Use cases of notice boards: the same facts as one page to be printed and hung up."""

import base64
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.monitoring.indicators import service as indicators
from services.monitoring.noticeboard import rules
from shared.errors import Language, Text


class Words(msgspec.Struct):
    """What the page says in both languages: its labels, and the programme's terms."""

    labels: dict[str, dict[str, str]]
    terms: dict[str, Text]


_HERE = Path(__file__).parent
_WORDS = msgspec.json.decode((_HERE / "words.json").read_bytes(), type=Words)
_STYLE = (_HERE / "templates" / "notice_board.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The page needs its own style and nothing else: no script, no picture, nothing from elsewhere."""


def term(value: str, language: Language) -> str:
    """Return one of the programme's terms for people; one that is too new here as it is written."""
    known = _WORDS.terms.get(value)
    return value if known is None else known.said(language, {})


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": partial(rules.day, language=language),
        "month": partial(rules.month, language=language),
        "number": partial(rules.number, language=language),
        "rupiah": partial(rules.rupiah, language=language),
        "term": partial(term, language=language),
        "grouped": rules.grouped,
    }
    return environment


_LANGUAGES: tuple[Language, ...] = ("id", "en")
_TEMPLATES = {language: _environment(language).get_template("notice_board.html") for language in _LANGUAGES}


def _indicator_table(series: list[dict[str, Any]], *, language: Language) -> dict[str, Any]:
    """Return the indicators as a table: a row each, a column each month, a mark where there is no number."""
    months = sorted({value["month"] for one in series for value in one["values"]})
    marks: dict[str, tuple[int, str]] = {}
    rows: list[dict[str, Any]] = []
    for one in series:
        definition = indicators.DEFINITIONS[one["indicator"]]
        by_month = {value["month"]: dict(value) for value in one["values"]}
        for value in by_month.values():
            reason = value["null_reason"]
            if reason is None:
                value["share"] = rules.share(value["numerator"], value["denominator"])
            else:
                said = definition.null_cases[reason].said(language, {})
                value["mark"] = marks.setdefault(reason, (len(marks) + 1, said))[0]
        name = definition.name.said(language, {})
        rows.append({"name": name, "cells": [by_month.get(month) for month in months]})
    return {"months": months, "indicator_rows": rows, "legend": list(marks.values())}


def page(board: Mapping[str, Any], *, language: Language) -> bytes:
    """Return a notice board as one HTML page for A4, in one language."""
    return (
        _TEMPLATES[language]
        .render(
            **board,
            **_indicator_table(board["indicators"], language=language),
            language=language,
            labels=_WORDS.labels[language],
            style=_STYLE,
        )
        .encode()
    )
