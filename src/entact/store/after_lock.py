"""What came after the study was locked: it is in no data that were locked, and is found in whom it is about.

Which lock is in force is said in the study's ledger, and so it follows from no participant's ledger alone.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from entact.course.disclosure import class_named
from entact.course.found.attested import CHANGED_AFTER_LOCK
from entact.course.kinds import KINDS
from entact.course.kinds.kind import BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE
from entact.course.signed.cut import Manifest
from entact.protocol.study.arms import Period
from entact.store import acts, models
from entact.store.cut import known_cuts
from entact.store.derived import PARTICIPANT
from entact.store.studies import study_head


class _Known(NamedTuple):
    """What the study's ledger says under the hash of its head."""

    head: str
    lock: Manifest | None
    is_opened: bool  # all rows of the sealed list, after the lock


_known = _Known("", None, False)


def lock_in_force(head: str | None = None) -> Manifest | None:
    """The lock of the study that is in force, read again only where the study's ledger has grown.

    Args:
        head: of the study's ledger, where whoever asks has read it.
    """
    return _known_at(study_head() if head is None else head).lock


def closed_by() -> str | None:
    """Name of the lock for which pages write no forms; None where none is, or two persons unlocked it since.

    What is written then counts once two sign again: the cut in force is that of the unlock.
    """
    lock = lock_in_force()
    return lock.name if lock is not None and lock.purpose == "lock" else None


def period_in_force(head: str | None = None) -> Period:
    """How far the study is: locked or not, and whether its sealed list was opened after the lock.

    Args:
        head: of the study's ledger, where whoever asks has read it.
    """
    known = _known_at(study_head() if head is None else head)
    return "running" if known.lock is None else "unblinded" if known.is_opened else "locked"


def _known_at(head: str) -> _Known:
    global _known
    if not head:
        return _Known("", None, False)
    known = _known
    if known.head != head:
        lock = known_cuts().locked
        known = _known = _Known(head, lock, lock is not None and _is_opened())
    return known


def _is_opened() -> bool:
    """Whether whoever holds the list has entered that every row of the committed one is opened."""
    roots = {one.data.get("list_root") for one in acts.entries(("commitment",))}
    opened = (one.data for one in acts.entries(("list_opened",)))
    return any(one.get("purpose") == "after_lock" and one.get("root") in roots for one in opened)


def moved_since_lock() -> list[str]:
    """Ledgers of participants with lines that no cut in force covers; none where the study is not locked."""
    locked = lock_in_force()
    if locked is None:
        return []
    heads = {name: head.seq for name, head in locked.heads.items()}
    found = models.Ledger.objects.filter(name__startswith=PARTICIPANT, seq__gt=0).order_by("name")
    return [name for name, seq in found.values_list("name", "seq") if seq > heads.get(name, 0)]


def late_values() -> dict[str, Any]:
    """What the rows `LATE` are asked with."""
    locked = lock_in_force()
    heads = {} if locked is None else {name: head.seq for name, head in locked.heads.items()}
    return {
        "late": CHANGED_AFTER_LOCK,
        "lock": "" if locked is None else locked.name,
        "locked": list(heads),
        "last": list(heads.values()),
        "kinds": list(_TELLS),
        "tells": [",".join(names) for names in _TELLS.values()],
    }


def _tells(kind: str) -> list[str]:
    """What an entry of a kind tells of, by its kind alone; of what its text says more nobody is sure here."""
    told = KINDS[kind].tells
    named = {class_named(one) for one in told - _BY_TEXT}
    return sorted(named | ({UNSURE} if told & _BY_TEXT or KINDS[kind].tells_more is not None else set()))


_BY_TEXT: Final = frozenset({BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE})
_TELLS: Final = {name: _tells(name) for name, kind in KINDS.items() if not kind.attests}

# A finding for each line of a participant that came after the lock, but what only attests.
LATE = f"""(
    SELECT line.ledger_id, concat_ws(':', %(late)s::text, line.entry_id, %(lock)s::text) AS finding,
        line.received_at AS since, NULL::timestamptz AS until, %(late)s::text AS rule,
        line.entry_id AS entry, %(lock)s::text AS item, line.kind, '' AS form,
        string_to_array(told.tells, ',') AS tells
    FROM store_ledger AS ledger
        LEFT JOIN unnest(%(locked)s::text[], %(last)s::bigint[]) AS held (name, seq)
            ON held.name = ledger.name
        JOIN store_line AS line ON line.ledger_id = ledger.id AND line.seq > coalesce(held.seq, 0)
        JOIN unnest(%(kinds)s::text[], %(tells)s::text[]) AS told (kind, tells) ON told.kind = line.kind
    WHERE %(lock)s::text <> '' AND ledger.name LIKE '{PARTICIPANT}%%' AND ledger.seq > coalesce(held.seq, 0)
)"""
