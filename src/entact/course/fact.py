"""A fact is kept: personal items are sealed, the entry is appended and folded. Nothing is refused."""

from __future__ import annotations

from entact.course.course import Course
from entact.course.entry import CLAIMED, Authenticated, Entry
from entact.course.entry.ledger import Ledger, Receipt
from entact.course.personal import seal_entry
from entact.protocol import Study


def record(
    study: Study,
    ledger: Ledger,
    course: Course,
    entry: Entry,
    *,
    received_at: str,
    key: bytes,
    authenticated: Authenticated = CLAIMED,
) -> Receipt:
    """Keeps a fact in the ledger and folds it; the same entry sent again is kept once.

    Args:
        study: all releases. ledger, course: of the participant. entry: as sent, personal items in plain.
        received_at: the server's clock, RFC 3339. key: the participant's, 32 bytes.
        authenticated: who sent it, as the server knows.
    Returns:
        What became of it. What is wrong with the entry is a finding of the course, never a refusal.
    Raises:
        ValueError: when the entry is about another subject than the ledger.
    """
    sealed = seal_entry(study, entry, key)
    receipt = ledger.append(sealed, received_at=received_at, authenticated=authenticated, looked_through=True)
    if receipt.kept is not None:
        course.add(receipt.kept)
    return receipt
