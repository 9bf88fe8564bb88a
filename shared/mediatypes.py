"""Media types of the files that come in and the lists that go out, and how their names end."""

CSV = "text/csv"
NDJSON = "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"

TAKEN = {"csv": CSV, "xlsx": XLSX, "ndjson": NDJSON}
"""Files that bring rows in."""

GIVEN = {"csv": CSV, "ndjson": NDJSON, "parquet": PARQUET}
"""Forms in which whole lists go out."""
