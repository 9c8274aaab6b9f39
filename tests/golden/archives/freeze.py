"""Freezes an archive of frozen ledgers: `python -m tests.golden.archives.freeze NAME`, once for each format.

What is frozen stays as it is for ever: it has to be readable and restorable by every later version.
"""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.store import frozen

HERE = Path(__file__).parent


def freeze(name: str, folder: Path) -> None:
    """Writes the archive of the ledgers with this name, through a database."""
    from entact import store
    from entact.store import postgres

    with tempfile.TemporaryDirectory(prefix="entact-freeze-") as place:
        Path(place).chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
        os.environ["ENTACT_DATA"] = place
        os.environ.pop("DATABASE_URL", None)
        ledgers = frozen.read_frozen(frozen.GOLDEN / "format-1" / name).ledgers
        store.create_database("frozen", "rehearsal", "mini")
        store.append_many((ledger, line) for ledger, lines in ledgers.items() for line in lines)
        store.write_archive(folder, made_at=datetime(2026, 11, 24, tzinfo=UTC))
        postgres.stop(Path(place) / "postgres")


def main(names: list[str]) -> int:
    """Freezes archives; 2 where one is frozen already."""
    from entact.store.archive_folder import FORMAT

    for name in names:
        folder = HERE / f"format-{FORMAT}" / name
        if folder.exists():
            print(f"freeze: the archive {name} is frozen already", file=sys.stderr)
            return 2
        freeze(name, folder)
        print(f"frozen: {folder.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
