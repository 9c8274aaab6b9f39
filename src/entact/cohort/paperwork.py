"""Forms as people fill them in: with the mistakes that they make, and their corrections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from entact.cohort.answers import answer_form, mistype
from entact.cohort.attendance import Attendance
from entact.cohort.person import questionnaire_items, severity_items
from entact.cohort.scale import asked_as
from entact.course import Entry, Refused
from entact.course.state.form import Answers
from entact.protocol import CompiledForm
from entact.protocol.study import Visit

# Filled in together at the participant's side, so neither forgotten nor written down days later.
_AT_ONCE = ("dosing", "screening")
_SESSIONS = ("preparatory", "integration", "contact")  # of which forms say how long they lasted
LONGEST = 480.0  # minutes; what is longer did not take place in one visit


def fill_form(staff: Attendance, name: str, visit: Visit, timepoint: str | None = None) -> None:
    """Fills in a form; some are forgotten, late, or hold a mistake that is found later, or never."""
    form = staff.release.forms[name]
    if form.form.sampled is not None and staff.random.random() >= form.form.sampled:
        return
    role = staff.known_role(form.form.by or visit.by or "coordinator")
    staff.pass_time(4 + len(form.items) * 0.4)
    items = answers_to(staff, form, visit)
    staff.pass_time(_minutes(form, items) if visit.kind in _SESSIONS else 0.0)
    at_once = visit.kind in _AT_ONCE or form.instrument is not None
    if not at_once and staff.chance("form_not_done"):
        data: dict[str, Any] = {"form": name, "items": {}, "status": "not_done"}
        staff.write("form", data, role, timepoint=timepoint)
    elif not at_once and staff.chance("late_entry"):
        _write_later(staff, name, items, role, timepoint)
    else:
        _colleagues_answer(staff, form, role, timepoint)
        wrong = _mistake(staff, form, items)
        entry = staff.write("form", {"form": name, "items": items | wrong}, role, timepoint=timepoint)
        if wrong and staff.chance("entry_error_corrected"):
            _correct_later(staff, entry, {item: items[item] for item in wrong})


def _colleagues_answer(staff: Attendance, form: CompiledForm, role: str, timepoint: str | None) -> None:
    """The others of the team answer a form that is asked of each, with chance of their own."""
    if form.name not in staff.release.of_each:
        return
    told = staff.parameters.answers.get(form.name, {})
    for repeat, person in enumerate(staff.team.others(role), 2):
        random = staff.chance_of(form.name, person)
        items = answer_form(form, told, staff.candidate.characteristics, random)
        data = {"form": form.name, "items": items}
        staff.write("form", data, role, by=person, repeat=repeat, timepoint=timepoint)


def _minutes(form: CompiledForm, items: Mapping[str, Any]) -> float:
    """How long what a form tells of took: a therapy session is not shorter than what is entered of it."""
    told = [
        float(str(items[name]).partition(" ")[0])
        for name, item in form.items.items()
        if item.unit == "min" and isinstance(items.get(name), int | str)
    ]
    return min(max(told, default=0.0), LONGEST)


def answers_to(staff: Attendance, form: CompiledForm, visit: Visit) -> dict[str, Any]:
    """What the person answers: from the outcome model where it has the instrument, else from `answers`."""
    parameters, person = staff.parameters, staff.candidate
    told = parameters.answers.get(form.name, {})
    if person.refusal is not None:
        told = told | person.refusal.answers.get(form.name, {})
    course = staff.scribe.course
    values, facts = course.values(staff.encounter, staff.now), course.facts(staff.encounter, staff.now)
    around = {name: values.get(name) for name in form.rules.elsewhere}
    modelled = _modelled(staff, form, visit)
    random, own = staff.random, staff.own(form)
    items = answer_form(form, told, person.characteristics, random, own, around, facts, modelled)
    return items if modelled else _skip(staff, form, items)


def _modelled(staff: Attendance, form: CompiledForm, visit: Visit) -> dict[str, Any]:
    """The items that the outcome model answers; between its time points those of the last one stay."""
    parameters, person, instrument = staff.parameters, staff.candidate, asked_as(form)
    severity, questionnaires = parameters.severity, parameters.questionnaires
    asked = [name for name, one in questionnaires.items() if one.instrument == instrument]
    if instrument != severity.instrument and not asked:
        return {}
    order = list(staff.release.visits)
    here = order.index(visit.visit)
    before = [name for name in parameters.timepoints if order.index(name) <= here]
    source = person.baseline if staff.participant is None else staff.participant.outcomes
    row = person.row if staff.participant is None else staff.participant.row
    items: dict[str, Any] = {}
    if instrument == severity.instrument:
        items |= severity_items(parameters, form, source, row, max(len(before) - 1, 0))
    for name in asked:
        known = [one for one in before if one in questionnaires[name].timepoints]
        last = known[-1] if known else questionnaires[name].timepoints[0]
        place = parameters.timepoints.index(last)
        items |= questionnaire_items(parameters, name, form, source, row, place)
    return items


def ask_missing(staff: Attendance, answer: Refused, visit: Visit) -> bool:
    """Asks what a gate misses of forms that were filled in at this visit; says whether there was any."""
    missing = {name for reason in answer.reasons for name in reason.missing if "." in name}
    asked = False
    for name in sorted({name.split(".")[-2] for name in missing}):
        filled = staff.scribe.course.forms.get((name, staff.encounter))
        open_items = [] if filled is None else [one for one in filled.items if filled.values[one] is None]
        if filled is not None and open_items:
            _complete(staff, filled, open_items, visit)
            asked = True
    return asked


def _complete(staff: Attendance, filled: Answers, open_items: Iterable[str], visit: Visit) -> None:
    now_known = answers_to(staff, staff.release.forms[filled.form], visit)
    staff.pass_time(3)
    data = {"items": {name: now_known[name] for name in open_items if name in now_known}}
    staff.write("form", data, filled.role, replaces=filled.entry, reason="late_information")


def _skip(staff: Attendance, form: CompiledForm, items: dict[str, Any]) -> dict[str, Any]:
    """Some items are not asked, though they should be."""
    if staff.random.random() < staff.chances["item_skipped"] * len(items):
        name = list(items)[int(staff.random.integers(len(items)))]
        items[name] = {"missing": "not_asked"}
    return items


def _mistake(staff: Attendance, form: CompiledForm, items: dict[str, Any]) -> dict[str, Any]:
    """One item typed wrongly, or none."""
    if not staff.chance("entry_error"):
        return {}
    typed = [
        name
        for name, item in form.items.items()
        if item.type in ("integer", "decimal") and isinstance(items.get(name), int | str)
    ]
    if not typed:
        return {}
    name = typed[int(staff.random.integers(len(typed)))]
    wrong = mistype(form.items[name], items[name], staff.random)
    return {} if wrong == items[name] else {name: wrong}


def _correct_later(staff: Attendance, entry: Entry, right: dict[str, Any]) -> None:
    def correct(at: datetime) -> None:
        staff.scribe.write(
            "form",
            {"items": right},
            at=at,
            by=entry.by,
            role=entry.role,
            encounter=entry.encounter,
            replaces=entry.id,
            reason="transcription_error",
        )

    staff.later(staff.now + timedelta(days=1 + int(staff.random.integers(20)), hours=1), correct)


def _write_later(
    staff: Attendance, name: str, items: dict[str, Any], role: str, timepoint: str | None
) -> None:
    happened, encounter, by = staff.now, staff.encounter, staff.person(role)

    def write(at: datetime) -> None:
        data = {"form": name, "items": items}
        late = at - happened
        about = {"encounter": encounter, "timepoint": timepoint}
        staff.scribe.write("form", data, at=happened, by=by, role=role, late=late, **about)

    staff.later(happened + timedelta(days=1 + int(staff.random.integers(5)), hours=2), write)
    staff.pass_time(1)  # what follows has another time: order is not left to ids
