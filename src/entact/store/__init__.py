"""Ledgers in PostgreSQL: append, read, verify.

Call `setup` or `create_database` first; both start the embedded server where no DATABASE_URL is set. What
reads and writes is loaded when it is first asked for, because Django's tables can only be loaded once Django
is set up; and because an archive is read without a database, whose driver takes a while to load.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from entact.store.error import StoreError

if TYPE_CHECKING:
    from entact.store.appending import append
    from entact.store.archive import Archived, write_archive
    from entact.store.archive_folder import Archive, archive_notices, read_archive, verify_archive
    from entact.store.copying import append_many
    from entact.store.custody import keep_keys
    from entact.store.database import Location, create_database, describe, reserved, setup
    from entact.store.door import Failed, act, fact, facts, facts_about, note
    from entact.store.inbox import receive
    from entact.store.index import LedgerHead
    from entact.store.participant_keys import key_of
    from entact.store.reading import chains, chains_by_name, ledgers, lines
    from entact.store.renewal import keep_lists, rebuild, refresh, stale
    from entact.store.restoration import Restored, restore
    from entact.store.studies import study_of_record
    from entact.store.verification import Verification, verify

__all__ = [
    "Archive",
    "Archived",
    "Failed",
    "LedgerHead",
    "Location",
    "Restored",
    "StoreError",
    "Verification",
    "act",
    "append",
    "append_many",
    "archive_notices",
    "chains",
    "chains_by_name",
    "create_database",
    "describe",
    "fact",
    "facts",
    "facts_about",
    "keep_keys",
    "keep_lists",
    "key_of",
    "ledgers",
    "lines",
    "note",
    "read_archive",
    "rebuild",
    "receive",
    "refresh",
    "reserved",
    "restore",
    "setup",
    "stale",
    "study_of_record",
    "verify",
    "verify_archive",
    "write_archive",
]

_LATE = {
    "database": ("Location", "create_database", "describe", "reserved", "setup"),
    "door": ("Failed", "act", "fact", "facts", "facts_about", "note"),
    "inbox": ("receive",),
    "archive": ("Archived", "write_archive"),
    "archive_folder": ("Archive", "archive_notices", "read_archive", "verify_archive"),
    "restoration": ("Restored", "restore"),
    "renewal": ("keep_lists", "rebuild", "refresh", "stale"),
    "studies": ("study_of_record",),
    "appending": ("append",),
    "copying": ("append_many",),
    "index": ("LedgerHead",),
    "reading": ("chains", "chains_by_name", "ledgers", "lines"),
    "custody": ("keep_keys",),
    "participant_keys": ("key_of",),
    "verification": ("Verification", "verify"),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATE.items():
        if name in names:
            found = getattr(importlib.import_module(f"entact.store.{module}"), name)
            globals()[name] = found  # asked once
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
