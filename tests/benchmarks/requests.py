"""What is asked of the service and of its floors alike."""

from tests.benchmarks.city import CITY, some_places

BOARDS = "/registry/v1/boards"
LIST = f"{BOARDS}?region={CITY}&limit=50"
FIRST_ASKED = f"{LIST}&as_of={{day}}"
"""The same page, asked about another day every time: nobody asked before."""

READ = f"{BOARDS}/{{id}}"
WRITE = BOARDS
WRITTEN_IN = some_places(count=1_000)
WRITTEN = {
    "kelurahan_code": "{id}",
    "name": "BKM Terukur {key}",
    "founded_on": "2020-01-01",
    "legal_status": "waarmerking",
    "phone": "+6281200000000",
}
NOTHING = "/registry/livez"
PAGE = 2_000
"""A page far down the list; at fifty rows the last of a hundred thousand."""
