"""The decision on eligibility: signed by who showed again who they are, of what the page had shown."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.eligibility.page import Checklist, Line, checklist_of
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.course import Course
from entact.course.entry.entry import SecondProof

ELIGIBLE, NOT_ELIGIBLE = "eligible", "not_eligible"
SIGNED = "decision"  # the meaning of the signature, as the entry has it


LONGEST = 2000  # characters of a reason


def problems_in(checklist: Checklist, judged: Mapping[str, bool], decision: str, reason: str) -> list[str]:
    """Why a decision cannot be signed as it was sent.

    It has to follow from what was judged, and who judges otherwise than the record says why. Where single
    criteria are withheld from the role, whether one is judged otherwise would tell what is hidden: every
    decision that takes a refusal back is explained there.
    """
    open_ = [one.text for one in checklist.lines if one.is_asked and one.name not in judged]
    if open_:
        return [gettext("Judge this first: {criteria}.").format(criteria="; ".join(open_))]
    against = [
        one.text
        for one in checklist.lines
        if one.is_asked and judged[one.name] is not (one.kind == "inclusion")
    ]
    if decision == ELIGIBLE and against:
        return [
            gettext("“Eligible” does not follow from what you judged: {criteria}.").format(
                criteria="; ".join(against)
            )
        ]
    if decision == NOT_ELIGIBLE and not against and any(one.is_asked for one in checklist.lines):
        return [
            gettext("“Not eligible” needs a criterion that stands against it: nothing that you judged does.")
        ]
    if decision not in (ELIGIBLE, NOT_ELIGIBLE):
        return [gettext("Say whether the participant is eligible.")]
    if len(reason) > LONGEST:
        return [
            gettext("The reason has at most {longest} characters; this one has {count}.").format(
                longest=LONGEST, count=len(reason)
            )
        ]
    if _is_in_words(reason):
        return []
    if decision == ELIGIBLE and any(one.status == "withheld" for one in checklist.lines):
        return [gettext("The decision in force is “not eligible”: say in words why that is taken back.")]
    otherwise = "; ".join(_otherwise(one) for one in checklist.lines if _is_otherwise(one, judged))
    if otherwise:
        return [
            gettext(
                "You judge otherwise than the record says. {otherwise}. Correct what is wrong, or give "
                "your reason in words: it is kept with your signature."
            ).format(otherwise=otherwise)
        ]
    return []


def _is_in_words(reason: str) -> bool:
    return sum(letter.isalpha() for letter in reason) > 2


def _is_otherwise(line: Line, judged: Mapping[str, bool]) -> bool:
    """Whether somebody judges otherwise than the record says, or for taking part what it does not know."""
    if line.name not in judged:
        return False
    if line.status == "unknown":
        return judged[line.name] is (line.kind == "inclusion")
    return bool(line.suggested) and str(judged[line.name]).lower() != line.suggested


def _otherwise(line: Line) -> str:
    """What the record says of a criterion, with the values that it rests on."""
    rests = ", ".join(f"{name}: {said}" for name, said in line.rests)
    return gettext("“{text}”: by the record {words}{part}").format(
        text=line.text, words=line.words, part=f" ({rests})" if rests else ""
    )


def decide(
    asked: Asked,
    expected: str,
    judged: Mapping[str, bool],
    decision: str,
    reason: str,
    author: Author,
    second: SecondProof,
) -> str:
    """Keeps the decision of what the page showed; says why nothing was kept, or nothing where it was.

    Args:
        expected: digest of the checklist that was shown. reason: in words, where one was given.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        checklist = checklist_of(now.course, now.seen, now.now, now.zone)
        if checklist.digest != expected:
            return gettext(
                "What the record says has changed since you opened this page: look again, then sign."
            )
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
        try:
            entry = compose(
                now.course,
                now.reader,
                ledger,
                shown,
                now.now,
                "eligibility",
                data,
                reason=reason or None,
                encounter=under_way(now.course),
            )
        except Held as error:
            return str(error)
        store_entry(entry, shown, now.now)
    return ""


def under_way(course: Course) -> str | None:
    """The visit that a decision belongs to: the one that is under way, or none."""
    started = [one.id for one in course.encounters.values() if one.status == "started"]
    return started[-1] if started else None
