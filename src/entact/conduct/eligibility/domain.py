"""The decision on eligibility: signed by who showed again who they are, of what the page had shown."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from entact.conduct.asking import Asked
from entact.conduct.eligibility.page import Checklist, checklist_of
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.course.entry.entry import SecondProof

ELIGIBLE, NOT_ELIGIBLE = "eligible", "not_eligible"
SIGNED = "decision"  # the meaning of the signature, as the entry has it


def problems_in(checklist: Checklist, judged: Mapping[str, bool], decision: str) -> list[str]:
    """Why a decision cannot be signed as it was sent: it has to follow from what was judged."""
    open_ = [one.text for one in checklist.lines if one.is_asked and one.name not in judged]
    if open_:
        return [f"Judge this first: {'; '.join(open_)}."]
    against = [
        one.text
        for one in checklist.lines
        if one.is_asked and judged[one.name] is not (one.kind == "inclusion")
    ]
    if decision == ELIGIBLE and against:
        return [f"“Eligible” does not follow from what you judged: {'; '.join(against)}."]
    if decision == NOT_ELIGIBLE and not against and any(one.is_asked for one in checklist.lines):
        return ["“Not eligible” needs a criterion that stands against it: nothing that you judged does."]
    if decision not in (ELIGIBLE, NOT_ELIGIBLE):
        return ["Say whether the participant is eligible."]
    return []


def decide(
    asked: Asked,
    expected: str,
    judged: Mapping[str, bool],
    decision: str,
    author: Author,
    second: SecondProof,
) -> str:
    """Keeps the decision of what the page showed; says why nothing was kept, or nothing where it was.

    Args:
        expected: digest of the checklist that was shown.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        checklist = checklist_of(now.course, now.seen, now.now, now.zone)
        if checklist.digest != expected:
            return "What the record says has changed since you opened this page: look again, then sign."
        data = {
            "criteria": {one.name: judged.get(one.name) for one in checklist.lines},
            "decision": decision,
            "signed": SIGNED,
        }
        left = [one.name for one in checklist.lines if not one.is_asked]
        if left:
            data["left_to_record"] = left
        shown = Author(
            author.identity, author.role, msgspec.structs.replace(author.authenticated, second=second)
        )
        under_way = [one.id for one in now.course.encounters.values() if one.status == "started"]
        try:
            entry = compose(
                now.course,
                now.reader,
                ledger,
                shown,
                now.now,
                "eligibility",
                data,
                encounter=under_way[-1] if under_way else None,
            )
        except Held as error:
            return str(error)
        store_entry(entry, shown, now.now)
    return ""
