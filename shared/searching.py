"""Searching by name: words that begin as asked, in any order, found by an index."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Index, String, func, literal_column

BETWEEN_WORDS = "./-_@:&+,;()<>'\""
"""Signs that the database's own parser would read as parts of an address or a tag; here they only part words."""

_WORDS = re.compile(rf"[^\s{re.escape(BETWEEN_WORDS)}]+")
_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")


def _words(column: Any) -> ColumnElement[Any]:
    signs = BETWEEN_WORDS.replace("'", "''")
    blanks = " " * len(BETWEEN_WORDS)
    apart = func.translate(column, literal_column(f"'{signs}'", String), literal_column(f"'{blanks}'", String))
    return func.to_tsvector(_SIMPLE, apart)


def searched(name: str, column: str) -> Index:
    """Return the index that serves `finds` on a column, named after what it serves."""
    return Index(f"ix_{name}", _words(literal_column(column)), postgresql_using="gin")


def finds(column: Any, q: str) -> ColumnElement[bool]:
    """Return the condition that a text has, for each word of `q`, a word that begins with it; case does not count."""
    asked = (word.replace("\\", "\\\\").replace("'", "''") for word in _WORDS.findall(q))
    condition: ColumnElement[bool] = _words(column).bool_op("@@")(
        func.to_tsquery(_SIMPLE, " & ".join(f"'{word}':*" for word in asked))
    )
    return condition
