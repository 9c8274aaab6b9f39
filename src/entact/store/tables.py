"""The tables of derived rows: what stands in them, what an entry changes there, and how rows are made anew.

`CODE` and the stamp of the releases stand beside every participant's rows, so that what an older version made
is told apart (`stale`) and made anew (`rebuild`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from psycopg import Cursor

from entact import __version__
from entact.store.derived import Rows, StandingRow

CODE = f"{__version__}/15"  # the second number counts changes of what rows say

Changes = Mapping[str, list[dict[str, Any]]]  # by part of `Rows`, and `<part>_gone` with those that are gone


class Table(NamedTuple):
    """A table of rows that come and go, and the part of `Rows` that stands in it.

    Attributes:
        key, rest: columns with their types; those of the key tell the rows of one ledger apart.
    """

    part: str
    name: str
    key: Mapping[str, str]
    rest: Mapping[str, str]

    @property
    def columns(self) -> Mapping[str, str]:
        """All columns but the ledger's, in the order of rows."""
        return {**self.key, **self.rest}

    @property
    def typed(self) -> str:
        """The columns as the definition of a record."""
        return _typed(self.columns)

    @property
    def gone(self) -> str:
        """Removes, of rows `change`, those that are gone."""
        same = " AND ".join(f"kept.{name} = gone.{name}" for name in self.key)
        keys = ", ".join(f"gone.{name}" for name in self.key)
        return f"""
            DELETE FROM {self.name} AS kept
            USING change, json_to_recordset(change.{self.part}_gone) AS gone ({_typed(self.key)})
            WHERE kept.ledger_id = change.ledger AND {same} AND num_nulls({keys}) = 0
        """

    @property
    def fresh(self) -> str:
        """Writes, of rows `change`, those that are new or different."""
        changed = ", ".join(f"{name} = excluded.{name}" for name in self.rest)
        return f"""
            INSERT INTO {self.name} (ledger_id, {", ".join(self.columns)})
            SELECT change.ledger, fresh.*
            FROM change, json_to_recordset(change.{self.part}) AS fresh ({self.typed})
            ON CONFLICT (ledger_id, {", ".join(self.key)}) DO UPDATE SET {changed}
        """


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_AT, _DAY, _TEXT = "timestamptz", "date", "text"
_SEEN = {"entry": _TEXT, "item": _TEXT, "kind": _TEXT, "form": _TEXT, "tells": "text[]"}

TABLES: Final = (
    Table(
        "due",
        "store_due",
        {"visit": _TEXT, "since": _AT},
        {"until": _AT, "opens": _AT, "ends": _AT, "earliest": _DAY, "target": _DAY, "latest": _DAY},
    ),
    Table(
        "findings",
        "store_open_finding",
        {"finding": _TEXT, "since": _AT},
        {"until": _AT, "rule": _TEXT, **_SEEN, "of_data": "boolean"},
    ),
    Table(
        "clocks",
        "store_clock",
        {"report": _TEXT, "event": _TEXT},
        {"aware": _AT, "due": _AT, "sent_at": _AT},
    ),
    Table(
        "queries",
        "store_query",
        {"query": _TEXT},
        {"status": _TEXT, "raised_at": _AT, "since": _AT, **_SEEN, "rule": _TEXT},
    ),
    Table("bookings", "store_booking", {"encounter": _TEXT}, {"visit": _TEXT, "at": _AT}),
    Table("reconsents", "store_reconsent", {"since": _AT}, {"until": _AT, "release": _TEXT, "due": _DAY}),
    Table(
        "steps",
        "store_kit_step",
        {"kit": _TEXT, "entry": _TEXT, "what": _TEXT},
        {
            "at": _AT,
            "units": "bigint",
            "visit": _TEXT,
            "replaced": "boolean",
            "person": _TEXT,
            "waits": "boolean",
        },
    ),
    Table(
        "sessions",
        "store_session_to_come",
        {"visit": _TEXT, "since": _AT},
        {"until": _AT, "latest": _DAY, "needs": "text[]"},
    ),
)
NUMBERS: Final = Table(
    "numbers", "store_number", {"of": _TEXT, "number": _TEXT}, {"entry": _TEXT, "tells": "text[]"}
)
CHANGING: Final = tuple(table.name for table in (*TABLES, NUMBERS))
STANDING_COLUMNS: Final = f"ledger_id, head, code, releases, {', '.join(StandingRow._fields)}"

# Whoever comes first holds a number. In one order, so that two who take several never wait for each other.
TAKE_NUMBERS: Final = """
WITH taking (ledger_id, of, number, entry, tells) AS ({}), taken AS (
    INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
    SELECT ledger_id, of, number, entry, tells, false FROM taking ORDER BY of, number
    ON CONFLICT DO NOTHING RETURNING ledger_id, of, number
)
INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
SELECT ledger_id, of, number, entry, tells, true FROM taking
WHERE NOT EXISTS (
    SELECT FROM taken
    WHERE (taken.ledger_id, taken.of, taken.number) = (taking.ledger_id, taking.of, taking.number)
) ORDER BY of, number
ON CONFLICT (ledger_id, of, number) DO UPDATE SET entry = excluded.entry, tells = excluded.tells
"""


def changes(before: Rows | None, after: Rows) -> Changes:
    """What has to be written where `before` stands; all of it where nothing stands."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in (*TABLES, NUMBERS):
        new: Mapping[Any, dict[str, Any]] = getattr(after, table.part)
        old: Mapping[Any, dict[str, Any]] = {} if before is None else getattr(before, table.part)
        if new is not old:
            found[table.part] = [
                row for key, row in new.items() if (was := old.get(key)) is not row and was != row
            ]
            found[f"{table.part}_gone"] = [row for key, row in old.items() if key not in new]
    return {name: rows for name, rows in found.items() if rows}


def write_rows(
    cursor: Cursor[Any], releases: str, many: Iterable[tuple[int, int, Rows]], *, afresh: bool = False
) -> None:
    """Puts all rows of some ledgers in the place of those that are there.

    Args:
        many: number of the ledger, its head, and its rows. afresh: none of them has rows yet.
    """
    found = list(many)
    if not afresh:
        numbers = [number for number, _, _ in found]
        for name in ("store_standing", *CHANGING):
            cursor.execute(f"DELETE FROM {name} WHERE ledger_id = ANY(%s)", [numbers])
    with cursor.copy(f"COPY store_standing ({STANDING_COLUMNS}) FROM STDIN") as copy:
        for number, head, rows in found:
            copy.write_row((number, head, CODE, releases, *rows.standing))
    for table in TABLES:
        with cursor.copy(f"COPY {table.name} (ledger_id, {', '.join(table.columns)}) FROM STDIN") as copy:
            for number, _, rows in found:
                for row in getattr(rows, table.part).values():
                    copy.write_row((number, *row.values()))
    taken = [{"ledger": number, **row} for number, _, rows in found for row in rows.numbers.values()]
    if taken:
        asked = f"SELECT * FROM json_to_recordset(%s::json) AS asked (ledger bigint, {NUMBERS.typed})"
        cursor.execute(TAKE_NUMBERS.format(asked), [json.dumps(taken)])
