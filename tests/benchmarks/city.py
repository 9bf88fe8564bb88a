"""One generated city in registry's database, written by the database itself."""

import psycopg

CITY = "34.71"
ROWS = 100_000
KELURAHAN = 80_000
"""About as many as Indonesia has: hardly any has two boards."""

PLACES = """
INSERT INTO places (kelurahan_code, code_now, name)
SELECT code, code, 'Kelurahan ' || number
FROM generate_series(0, %(kelurahan)s - 1) AS number,
     LATERAL (SELECT %(city)s || '.' || lpad((1 + number %% 14)::text, 2, '0') || '.' || 1001 + number / 14) AS coded (code)
"""

# One a minute, in the past, so that what a benchmark writes comes after them in every order.
BOARDS = """
INSERT INTO boards (
    id, kelurahan_code, seat_code, name, founded_on, legal_status, deed_number, phone,
    version, creation_digest, recorded_at, changed_at
)
SELECT
    (lpad(to_hex((1577836800000 + number::bigint * 60000)), 12, '0') || '7' || substr(md5(number::text), 1, 3)
        || '8' || substr(md5(number::text), 4, 15))::uuid,
    place.kelurahan_code,
    place.kelurahan_code,
    'BKM ' || (ARRAY['Mekar', 'Sejahtera', 'Rukun', 'Makmur', 'Bersama', 'Maju', 'Harapan'])[1 + number %% 7]
        || ' ' || number,
    date '2007-01-01' + number %% 5000,
    (ARRAY['none', 'waarmerking', 'akta_notaris', 'badan_hukum'])[1 + number %% 4],
    CASE WHEN number %% 4 > 1 THEN 'Akta ' || number END,
    '+62812' || lpad(number::text, 8, '0'),
    1, ''::bytea, now(), now()
FROM generate_series(1, %(rows)s) AS number
JOIN (SELECT kelurahan_code, row_number() OVER () - 1 AS turn FROM places) AS place
    ON place.turn = number %% %(kelurahan)s
"""

# After the boards, which stand in every other place.
ABOVE = "INSERT INTO places (kelurahan_code, code_now, name) VALUES (%(city)s, %(city)s, 'Kota Contoh')"

# A quarter has no election yet; of the others every second mandate has lapsed.
TERMS = """
INSERT INTO terms (
    id, kelurahan_code, board_id, starts_on, ends_on, given_until, elected_on,
    version, creation_digest, recorded_at, changed_at
)
SELECT gen_random_uuid(), kelurahan_code, id, starts_on, starts_on + 1095, starts_on + 1095, starts_on - 10,
    1, ''::bytea, now(), now()
FROM (
    SELECT board.*, current_date - 1800 + (row_number() OVER ())::int %% 1400 - 1095 * earlier AS starts_on
    FROM boards AS board, generate_series(0, 1) AS earlier
    WHERE board.legal_status <> 'none'
) AS term
"""


def generate(url: str, *, rows: int = ROWS) -> None:
    """Write the city: places, boards and two terms for most of them."""
    values = {"city": CITY, "kelurahan": KELURAHAN, "rows": rows}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (PLACES, BOARDS, ABOVE, TERMS):
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")


def some_places(*, count: int) -> list[str]:
    """Return the codes of kelurahan from all over the city."""
    return [f"{CITY}.{1 + number % 14:02}.{1001 + number // 14}" for number in range(0, KELURAHAN, KELURAHAN // count)]


def some_boards(url: str, *, count: int) -> list[str]:
    """Return the ids of boards from all over the list."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id FROM boards ORDER BY md5(id::text) LIMIT %s", [count]).fetchall()
    return [str(row[0]) for row in rows]
