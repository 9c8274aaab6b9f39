"""Acts, and what has become of the entries that their gate relied on, or would have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from entact.course.entry import Kept, instant
from entact.course.entry.arrival import FIRST, Arrival
from entact.course.found.basis import decided_at, inputs_of
from entact.course.kinds import KINDS
from entact.course.kinds.enrolment import SAME_DAY
from entact.course.kinds.form import form_of
from entact.course.schedule import civil_date
from entact.course.schedule.washout import washout_calendar
from entact.course.state.progress import zone_of

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry import Entry
    from entact.course.entry.effective import Effective
    from entact.course.found.watch import Watch
    from entact.course.state.form import Answers

# Kinds of entry that may say otherwise than what a gate relied on (see `_overtaken`).
_CLOSING = frozenset({"consent", "eligibility", "screening", "presence", "encounter", "adverse_event"})


def found_belated(watch: Watch) -> Iterator[tuple[str, str, str, str]]:
    """Consents and decisions that are dated before what needed them, and were entered after it."""
    course = watch.course
    given = [one for one in course.consents if one.given]
    arrivals = {one.entry: course.arrival_of(one.entry) for one in given}
    latest = latest_consent(course)
    needed: dict[str, list[str]] = {}
    for one in course.effective:
        kind = KINDS.get(one.entry.kind)
        if kind is None or not kind.needs_consent or (arrived := course.arrival_of(one.id)) >= latest:
            continue
        known = [said.entry for said in given if said.since <= one.at]
        if known and all(arrivals[said] > arrived for said in known):
            needed.setdefault(known[0], []).append(one.id)
    sources = {one.id: one.entry for one in course.effective} if needed else {}
    for consent in given:
        if consent.entry in needed and _arrived_at(sources[consent.entry]) - consent.since > SAME_DAY:
            count = len(needed[consent.entry])
            message = f"was entered after {count} entries that needed it, though it is dated before them"
            yield "consent_belated", consent.entry, "", message
    enrolment = course.enrolment
    if enrolment is None:
        return
    judged = watch.entries(watch.of_kind.get("eligibility", ()))
    decided = [one for one in judged if one.at <= enrolment.at]
    then = course.arrival_of(enrolment.entry)
    if decided and all(course.arrival_of(one.id) > then for one in decided):
        message = f"was entered after the enrolment in {enrolment.entry}, though it is dated before it"
        yield "eligibility_belated", decided[-1].id, "", message


def latest_consent(course: Course) -> Arrival:
    """When the last of the consents that were given arrived: what came later was in want of none."""
    return max((course.arrival_of(one.entry) for one in course.consents if one.given), default=FIRST)


def _arrived_at(entry: Entry) -> datetime:
    """When an entry arrived; of what no server has kept, when it says that it was written down."""
    try:
        return instant(entry.received_at if isinstance(entry, Kept) else entry.recorded_at)
    except ValueError:
        return instant(entry.occurred_at)


def found_in_decision(watch: Watch, act: Effective) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the basis of an act: rule, entry, item and message.

    A decision is judged by what was known then. What the gate knew stands in its basis, corrections too: so
    a correction that it does not name came afterwards, whatever time it claims.
    """
    course, inputs = watch.course, inputs_of(act)
    then = course.arrival_of(act.id)
    standing = {
        one.id: one for one in watch.entries(watch.numbers[name] for name in inputs if name in watch.numbers)
    }
    for name in sorted(inputs):
        if not course.has(name):
            continue  # of the site's or the study's ledger
        if name not in standing and not _is_merged(course, name):
            if course.arrival_of(name) > course.known_until:
                continue  # this course is as it was before that correction
            message = f"the gate relied on {name}, which was withdrawn"
            yield "gate_input_withdrawn", act.id, name, message
        elif name in standing and any(one not in inputs for one in standing[name].corrections):
            message = f"the gate relied on {name}, which was corrected afterwards"
            yield "gate_input_corrected", act.id, name, message
        if course.arrival_of(name) > then:
            message = f"the gate is said to have relied on {name}, which had not arrived"
            yield "gate_input_later", act.id, name, message
    for entry, message in (*_overtaken(watch, act, inputs, standing), *_medicines(course, act)):
        yield "gate_input_outdated", act.id, entry, message
    for late in _late(course, act, inputs, standing):
        message = (
            f"the gate relied on an older one: {late.entry} is of before the decision, and came after it"
        )
        yield "gate_input_outdated", act.id, late.entry, message


def _is_merged(course: Course, name: str) -> bool:
    return any(name in one.corrections for one in course.effective)


def _overtaken(
    watch: Watch, act: Effective, inputs: frozenset[str], standing: dict[str, Effective]
) -> Iterator[tuple[str, str]]:
    """What is of before a decision, came after it, and says otherwise than what the gate relied on."""
    course, decided = watch.course, decided_at(act)
    then = course.arrival_of(act.id)
    relied = {one.entry.kind for one in standing.values()}
    closing = sorted(number for kind in _CLOSING for number in watch.of_kind.get(kind, ()))
    for one in watch.entries(closing):
        if one.id in inputs or one.at > decided or course.arrival_of(one.id) <= then:
            continue
        kind, data = one.entry.kind, one.data
        here = one.entry.encounter == act.entry.encounter
        if (
            (kind in ("consent", "eligibility", "screening") and kind in relied)
            or (kind == "presence" and kind in relied and here and data.get("state") == "out")
            or (kind == "encounter" and kind in relied and here and data.get("status") != "started")
            or (kind == "adverse_event" and data.get("outcome") == "fatal")
        ):
            yield (
                one.id,
                f"the gate did not know of {kind} {one.id}: it is of before the decision, and came after",
            )


def _medicines(course: Course, act: Effective) -> Iterator[tuple[str, str]]:
    """Medicines that may have been in the body, of which a gate that waits for the washout did not know."""
    washout = course.release.file.washout
    if washout is None or (act.entry.basis or {}).get("gate") not in washout.before:
        return
    decided, then = decided_at(act), course.arrival_of(act.id)
    today = civil_date(decided, zone_of(course, decided))
    for medicine in course.medication.values():
        late = [one for one in (medicine.entry, *medicine.updates) if course.has(one)]
        late = [one for one in late if course.arrival_of(one) > then]
        calendar = washout_calendar([medicine], washout, today, before=today + timedelta(days=1))
        if late and (calendar.end is None or calendar.end > today):
            message = f"the gate did not know of {medicine.name or 'a medicine'}: {calendar.medicines[0].why}"
            yield late[-1], message


def _late(
    course: Course, act: Effective, inputs: frozenset[str], standing: dict[str, Effective]
) -> Iterator[Answers]:
    """Answers to the same form, later than those relied on, that came after the act.

    Where what was relied on is of the visit of the act, only those of this visit.
    """
    decided, then = decided_at(act), course.arrival_of(act.id)
    here = act.entry.encounter
    forms = {form for one in standing.values() if (form := form_of(one)) is not None}
    relied = [one for form in forms for one in course.answers.get(form, ()) if one.entry in inputs]
    known: dict[tuple[str, bool], datetime] = {}
    for one in relied:
        compiled = course.release.forms.get(one.form)
        place = one.form, one.encounter == here and not (compiled is not None and compiled.lasting)
        known[place] = max(one.at, known.get(place, one.at))
    for (form, of_visit), since in known.items():
        for one in course.answers[form]:
            if (of_visit and one.encounter != here) or one.entry in inputs or not since < one.at <= decided:
                continue
            if course.arrival_of(one.entry) > then:
                yield one
