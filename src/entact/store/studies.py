"""The study as the ledgers have it: releases that were entered and not withdrawn, and what sites approved."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import msgspec
from django.db import connection

from entact.course.entry import Entry, digest, read
from entact.course.releases import APPROVING, RELEASING, bars_here, releases_entered, with_approvals
from entact.protocol import Study, StudyError
from entact.store import models
from entact.store.error import StoreError
from entact.store.known import raw_cursor
from entact.store.versions import with_versions

_log = logging.getLogger(__name__)

STUDY_HEAD = """
    SELECT hash FROM store_ledger
    WHERE seq > 0 AND name = (SELECT 'study:' || study FROM store_installation ORDER BY id LIMIT 1)
"""
_RECORD = f"""
    SELECT releases, ({STUDY_HEAD}), (SELECT environment FROM store_installation ORDER BY id LIMIT 1)
    FROM store_derivation WHERE id = 1
"""


def environment_and_study() -> tuple[str, str]:
    """Which environment the database in use holds, and the ledger of its study; empty when it is for none."""
    cursor = raw_cursor()
    with connection.wrap_database_errors:
        cursor.execute("SELECT environment, study FROM store_installation ORDER BY id LIMIT 1", prepare=True)
    row = cursor.fetchone()
    return ("", "") if row is None else (row[0], f"study:{row[1]}")


def study_ledger() -> str:
    """Name of the ledger of the study that the database in use is for; empty when it is for none."""
    return environment_and_study()[1]


def releases_in_force() -> str:
    """A stamp for the releases of which derived rows are to be made; empty when there is none."""
    cursor = raw_cursor()  # asked with every entry: planned once
    with connection.wrap_database_errors:
        cursor.execute("SELECT releases FROM store_derivation WHERE id = 1", prepare=True)
    row = cursor.fetchone()
    if row is None:
        raise StoreError("this database was never set up for a study")
    return str(row[0])


class RecordNow(NamedTuple):
    """The record as whoever asks for a page finds it.

    Attributes:
        study: of the releases in force; None without a readable one. head: of the study's ledger; empty
            before its first entry. environment: of the database; empty where it holds no study yet.
    """

    study: Study | None
    head: str
    environment: str


def record_now() -> RecordNow:
    """What every page asks first, at once.

    Raises:
        StoreError: in a database that was never set up.
    """
    cursor = raw_cursor()
    with connection.wrap_database_errors:
        cursor.execute(_RECORD, prepare=True)
    row = cursor.fetchone()
    if row is None:
        raise StoreError("this database was never set up for a study")
    stamp, head, environment = row
    return RecordNow(_with_study(stamp)[1], head or "", environment or "")


def study_head() -> str:
    """The head of the study's ledger; empty before its first entry."""
    cursor = raw_cursor()
    with connection.wrap_database_errors:
        cursor.execute(STUDY_HEAD, prepare=True)
    row = cursor.fetchone()
    return "" if row is None else str(row[0])


def study_of_record() -> tuple[str, Study | None]:
    """The stamp of the releases in force, and their study; None without a readable one."""
    return _with_study(releases_in_force())


def changes_study(entry: Entry) -> bool:
    """Whether an entry may change of which releases, in force where, lists are made."""
    subject = entry.ledger.partition(":")[0]
    return entry.kind in {"study": RELEASING, "site": APPROVING}.get(subject, ())


def require_enterable(entry: Entry) -> None:
    """Refuses a release that may not be entered here: in production nothing about safety is an assumption.

    Raises:
        StoreError: with each of them.
    """
    barred = bars_here(entry) if changes_study(entry) else []
    if barred:
        said = "; ".join(f"{one.field} {one.message}" for one in barred)
        raise StoreError(f"the release {barred[0].file} may not go into production: {said}")


def note_releases() -> str:
    """Stamps what the ledgers of study and sites say of releases as what is in force; returns the stamp.

    Call it in a transaction: who comes second waits, and then sees what the first one entered.
    """
    models.Derivation.objects.select_for_update().get(id=1)
    stamp = _stamp(*_sources())
    models.Derivation.objects.filter(id=1).update(releases=stamp)
    return stamp


def _with_study(stamp: str) -> tuple[str, Study | None]:
    if not stamp:
        return stamp, None
    with suppress(KeyError):  # of one look-up: other threads may empty it
        return stamp, _studies[stamp]
    texts, approvals = _sources()
    stamp = _stamp(texts, approvals)
    if len(_studies) > 8:
        _studies.clear()
    study = _studies[stamp] = _study(texts, approvals)
    return stamp, study


_studies: dict[str, Study | None] = {}


def _sources() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts of the releases and, where there is a choice between them, of the entries that approve one."""
    texts = _release_texts()
    return texts, _approval_texts() if len(texts) > 1 else ()


def _approval_texts() -> tuple[str, ...]:
    sites = models.Ledger.objects.filter(name__startswith="site:").values_list("name", flat=True)
    return tuple(one.text for one in with_versions(list(sites), APPROVING))


def _release_texts() -> tuple[str, ...]:
    try:
        found = releases_entered(read(one.text) for one in with_versions([study_ledger()], RELEASING))
    except msgspec.MsgspecError:
        _log.exception("the releases in the study's ledger cannot be read: lists are not kept up")
        return ()
    return tuple(one.text for one in found)


def _stamp(texts: tuple[str, ...], approvals: tuple[str, ...]) -> str:
    return digest("\n".join((*texts, *approvals)).encode())[:16] if texts else ""


def _study(texts: tuple[str, ...], approvals: tuple[str, ...]) -> Study | None:
    study = _released(texts)
    if study is None:
        return None
    try:
        return with_approvals(study, map(read, approvals))
    except msgspec.MsgspecError:
        _log.exception("the approvals in the sites' ledgers cannot be read: lists are not kept up")
        return None


@lru_cache(maxsize=4)
def _released(texts: tuple[str, ...]) -> Study | None:
    if not texts:
        return None
    try:
        return Study.from_texts(text.encode() for text in texts)
    except (StudyError, ValueError):
        _log.exception("the releases in the study's ledger cannot be read: lists are not kept up")
        return None
