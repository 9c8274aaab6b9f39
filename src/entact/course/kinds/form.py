"""Forms: whatever the study asks that the engine does not act upon itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from entact.course.kinds.alerts import raise_alerts
from entact.course.kinds.checks import BEFORE_RECONSENT, NO_RECONSENT, note_deviation
from entact.course.kinds.kind import BY_FORM, Kind
from entact.course.kinds.stopping import check_stopping
from entact.course.state.form import VITALS, Answers

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State
    from entact.protocol import Release


class FormData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `form`: the items of one form; not done, refused and unknown are said, never left blank.

    An item's value is bool, int, text (a quantity with its unit, a code, a date, sealed text), a list of
    codes or of rows (each with its items), `{"file": SHA-256, "media": …, "size": …}`, or
    `{"missing": "not_asked" | "not_done" | "refused" | "below_quantification" | "unknown"}`.
    """

    form: str
    items: dict[str, Any] = {}
    status: Literal["done", "not_done"] = "done"


class VitalSigns(msgspec.Struct, frozen=True):
    """Kind `vital_signs`: one set of readings, quantities with units; items of the study's form `vitals`.

    The study names its signs: any other item of its form may be among them. What one of them is not (a bare
    number, say) is found and unknown, like any answer, and the others are read all the same.
    """

    systolic: Any = None
    diastolic: Any = None
    heart_rate: Any = None
    temperature: Any = None
    oxygen_saturation: Any = None
    position: Any = None


DEVICE = "device"  # as what a measuring device writes, which has no role of a person


def form_of(effective: Effective) -> str | None:
    """The form that an entry fills; None of an entry of another kind."""
    if effective.entry.kind == VITAL_SIGNS.name:
        return VITALS
    said = effective.data.get("form") if effective.entry.kind == FORM.name else None
    return said if isinstance(said, str) else None


def reduce_form(course: State, effective: Effective, payload: FormData) -> None:
    """Keeps the answers, notes what is wrong with items and raises alerts."""
    _answer(course, effective, payload.form, payload.items, payload.status)


def reduce_vital_signs(course: State, effective: Effective, payload: VitalSigns) -> None:
    """A set of readings is the study's form `vitals` filled in."""
    items = {name: value for name, value in effective.data.items() if value is not None}
    course.vitals.append(_answer(course, effective, VITALS, items, "done"))


def _check_reconsent(course: State, effective: Effective, form: str, items: dict[str, Any]) -> None:
    """A form or items that are asked by a later release alone than the one consented to."""
    asked = course.release.forms.get(form)
    if asked is None:
        found = {"form": f"the form {form!r} is of a release to which the participant has not consented"}
    else:
        found = {
            item: f"{item!r} is asked by a release to which the participant has not consented"
            for item in sorted(items.keys() - asked.items.keys())
            if course.knows_later(partial(_has_item, form, item))
        }
    for item, message in found.items():
        course.found(BEFORE_RECONSENT, effective.id, item, message)
    if found:
        note_deviation(course, effective, NO_RECONSENT)


def _has_item(form: str, item: str, release: Release) -> bool:
    return form in release.forms and item in release.forms[form].items


def _answer(course: State, effective: Effective, name: str, items: dict[str, Any], status: str) -> Answers:
    entry = effective.entry
    form = course.release_of(entry).forms.get(name)
    values: dict[str, Any] = {}
    beyond: dict[str, Any] = {}
    if form is None:
        course.found("unknown_form", entry.id, "form", f"the study has no form {name!r}")
    else:
        if form is not course.release.forms.get(name):
            _check_reconsent(course, effective, name, items)
        reading = course.readings.get(entry.id)
        if form.rules.elsewhere:  # hangs on more than its own data
            around = course.values(entry.encounter, effective.at)
            needed = {name: around.get(name) for name in form.rules.elsewhere}
            reading = (effective.data, form, form.read(items, needed))
        elif reading is None or reading[0] is not effective.data or reading[1] is not form:
            reading = course.readings[entry.id] = (effective.data, form, form.read(items))
        values, beyond, problems = reading[2]
        if status == "done":
            for problem in problems:
                if problem.absent and entry.role == DEVICE:
                    continue  # a device gives what it measures, and no more
                rule = "unusual" if problem.unusual else "item"
                course.found(rule, entry.id, problem.item, problem.message)
            for item in form.sealed_in_vain(items):
                course.found("item", entry.id, item, "was not what this item holds, and is sealed")
    answers = Answers(
        entry.id,
        name,
        entry.encounter,
        entry.timepoint,
        entry.repeat,
        effective.at,
        entry.by,
        entry.role,
        status,
        items,
        values,
        effective.origins,
        beyond,
        course.attempt_of(entry.encounter),
    )
    course.answers.setdefault(name, []).append(answers)
    course.forms[name, entry.encounter] = answers
    raise_alerts(course, answers)
    if status == "done":
        check_stopping(course, name, entry.encounter, effective.at, entry.id)
    return answers


FORM = Kind(
    name="form",
    is_held=True,
    title="Form",
    ways=("page form", "console"),
    payload=FormData,
    reduce=reduce_form,
    tells=frozenset({BY_FORM}),
    nested="items",
    form=lambda data: data["form"] if isinstance(data.get("form"), str) else None,
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"procedures", "follow_up", "data_use"}),
    writes=frozenset({"alerts", "answers", "deviations", "forms", "stops"}),
)
VITAL_SIGNS = Kind(
    name="vital_signs",
    is_held=True,
    title="Vital signs",
    ways=("page form", "console"),
    payload=VitalSigns,
    reduce=reduce_vital_signs,
    tells=frozenset({BY_FORM}),
    form=lambda data: VITALS,
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"procedures", "follow_up", "data_use"}),
    activity="vital_signs",
    done=lambda course, encounter: (VITALS, encounter) in course.forms,
    writes=frozenset({"alerts", "answers", "deviations", "forms", "stops", "vitals"}),
)
