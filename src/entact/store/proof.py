"""A restore that is proven: recovered into a server of its own, and held against the record in use.

What is compared lies in the database and beside it: the head of every ledger, the rows of every table that
only grows, the accounts, and the participants' keys. Verification itself is another process's, which sees
nothing but what came back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from entact.store import postgres, server
from entact.store.error import StoreError

# Tables in which rows come and go while people only read: these say nothing of the record.
PASSING = (
    "access_remembered",
    "access_failedsignins",
    "django_session",
    "usersessions_",
    "procrastinate_",
    "upkeep_",
    "rating_offer",
)
# Rows for lists follow from the ledgers, whose verification makes and compares every one of them.
_TABLES = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND (tablename = 'store_line' OR NOT EXISTS (
        SELECT FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = tablename AND column_name = 'ledger_id'
    )) ORDER BY tablename
"""


@dataclass(frozen=True)
class Counted:
    """What a database holds at one moment: ledger -> (entries, hash of the last), table -> rows."""

    heads: Mapping[str, tuple[int, str]]
    rows: Mapping[str, int]

    @property
    def entries(self) -> int:
        """Entries of all ledgers."""
        return sum(length for length, _ in self.heads.values())


def count(connection: psycopg.Connection[Any]) -> Counted:
    """Counts what a database holds, all of it at one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        heads = connection.execute("SELECT name, seq, hash FROM store_ledger").fetchall()
        rows = {}
        for (table,) in connection.execute(_TABLES).fetchall():
            if not table.startswith(PASSING):
                asked = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                rows[str(table)] = int((connection.execute(asked).fetchone() or (0,))[0])
    return Counted({str(name): (int(seq), str(last)) for name, seq, last in heads}, rows)


def count_here(database: str) -> Counted:
    """Counts what a database of the server in use holds."""
    with closing(psycopg.connect(**server.parameters(as_owner=True) | {"dbname": database})) as owner:
        return count(owner)


def differences(before: Counted, after: Counted, recovered: postgres.Server, database: str) -> list[str]:
    """What came back otherwise than it was, in words.

    Args:
        before, after: the database in use before it was copied, and after; what came back lies between the
            two where somebody wrote meanwhile. recovered: where it came back.
    """
    url = recovered.url.replace("/postgres?", f"/{quote(database)}?")
    with closing(psycopg.connect(url)) as owner:
        back = count(owner)
        said = []
        for name, (length, last) in sorted(before.heads.items()):
            found = owner.execute(
                "SELECT hash FROM store_line WHERE seq = %s"
                " AND ledger_id = (SELECT id FROM store_ledger WHERE name = %s)",
                [length, name],
            ).fetchone()
            if length and (found is None or found[0] != last):
                said.append(f"{name}: entry {length} did not come back as it was")
    for name, (length, _) in sorted(back.heads.items()):
        if name not in after.heads or length > after.heads[name][0]:
            said.append(f"{name}: has {length} entries, more than there ever were")
    for table in sorted({*before.rows, *after.rows, *back.rows}):
        known = sorted(one.rows.get(table, 0) for one in (before, after))
        there = back.rows.get(table, 0)
        if not known[0] <= there <= known[1]:
            said.append(f"{table}: {there} rows came back of {known[1]}")
    return said


class Elsewhere:
    """A data folder of its own, in which entact runs as it would on another machine; gone at the end."""

    def __init__(self, into: Path | None) -> None:
        self._is_ours = into is None
        self.folder = into or Path(tempfile.mkdtemp(prefix="entact-proof-"))
        if self._is_ours:
            self.folder.chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Runs a command of entact that sees this folder alone."""
        apart = {name: value for name, value in os.environ.items() if not name.startswith("ENTACT_")}
        apart.pop("DATABASE_URL", None)
        command: Sequence[str] = [
            sys.executable,
            "-c",
            "from entact.cli import main; main()",
            *map(str, words),
        ]
        environment = apart | {"ENTACT_DATA": str(self.folder)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def keys(self, mark: object) -> dict[str, bytes]:
        """The participants' keys that lie here."""
        from entact.store.keychain import Keychain

        return dict(Keychain(self.folder / "keys" / str(mark)).all())

    def console_keys(self, mark: object) -> dict[str, bytes]:
        """The keys of consoles that lie here."""
        from entact.store.console_keys import console_keys_in

        return console_keys_in(self.folder / "keys" / str(mark))

    def verified(self, database: str) -> dict[str, Any]:
        """What `entact verify --deep` says of what lies here.

        Raises:
            StoreError: when it could not be asked.
        """
        done = self.run("verify", "--deep", "--json", "--database", database)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            said = (done.stderr or done.stdout).strip()
            raise StoreError(f"what came back cannot be verified: {said}") from None

    def close(self) -> None:
        """Stops its server, and removes the folder where it was made for this."""
        postgres.stop(self.folder / "postgres")
        if self._is_ours:
            shutil.rmtree(self.folder, ignore_errors=True)
