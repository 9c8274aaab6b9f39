"""Whether a study file makes sense as a whole: every name leads somewhere, every value fits the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from entact.protocol.bias_check import check_blinding
from entact.protocol.country import wrong_country
from entact.protocol.dose_check import check_doses
from entact.protocol.extent import extents_of
from entact.protocol.form import CompiledForm
from entact.protocol.form_check import check_forms
from entact.protocol.gate_check import check_gates, check_override
from entact.protocol.made_values import check_days
from entact.protocol.measures import check_measures
from entact.protocol.names import RESERVED
from entact.protocol.overdose import check_overdose
from entact.protocol.oversight import check_oversight
from entact.protocol.partial import follows, text_at
from entact.protocol.plan import check_plan
from entact.protocol.populations import check_populations
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.quantity import parse_quantity
from entact.protocol.randomisation_check import check_randomisation
from entact.protocol.reach import check_reach, check_scores
from entact.protocol.room import check_room
from entact.protocol.rules import compile_forms, compile_rules, forms_at
from entact.protocol.sequence import check_sequence
from entact.protocol.session_check import check_session
from entact.protocol.study import Alert, Item, StudyFile, Visit
from entact.protocol.tabulated_check import check_tabulated
from entact.protocol.timetable import ACTIVITIES, check_schedule, spell_out
from entact.protocol.ucum import wrong_unit
from entact.protocol.unasked import check_unasked
from entact.protocol.unit import check_unit
from entact.protocol.without_drug import check_arms_apart

CLASSES = frozenset({"allocation", "guesses", "dosing", "medication", "adverse_events", "schedule"})
"""Classes of data that are the engine's own; the others are the `data_class` of a form."""

_MAY_REPEAT = ("instruments", "order", "session")  # points may be alike, and what is done in an emergency

_FACT = re.compile(r"[A-Z]{1,3}[0-9]{2,}")  # the number of a fact within a source


def check(file: StudyFile, data: Mapping[str, Any]) -> list[Fault]:
    """Everything in a study file that leads nowhere, contradicts itself or can never happen.

    Args:
        file: the typed file. data: the same as plain data, instruments included.
    """
    visits, paths, faults = spell_out(file)
    forms, more = compile_forms(file)
    faults += more
    rules, more = compile_rules(file, forms, visits)
    # A rule that names a form or visit that is broken is not wrong itself.
    broken = [fault.path for fault in faults]
    faults += [fault for fault in more if not follows(fault, text_at(data, fault.path), broken, data)]
    faults += check_schedule(file, visits, paths)
    faults += check_sequence(file, visits, paths)
    faults += check_populations(file, visits, paths)
    faults += check_arms_apart(file, visits, paths)
    faults += check_unit(file, visits)
    faults += check_randomisation(file, visits)
    faults += check_doses(file)
    faults += check_overdose(file)
    faults += _roles(file)
    faults += check_blinding(file, visits)
    faults += _forms(file, visits)
    faults += check_forms(file, forms, visits)
    faults += check_tabulated(file, forms, visits)
    faults += check_days(file)
    faults += check_measures(file)
    faults += check_gates(file, rules, forms, visits)
    faults += check_room(file, rules, visits)
    faults += check_oversight(file, visits)
    faults += check_session(file)
    faults += _verification(file, forms)
    faults += check_plan(file, rules, forms, visits)
    known = extents_of(file, forms, visits)
    beyond = list(check_reach(file, rules, known))
    faults += beyond
    wrong = {fault.path for fault in beyond}  # what such a rule asks of whom is not looked at further
    faults += [fault for fault in check_unasked(rules, forms, known) if fault.path not in wrong]
    for form in forms.values():
        if form.instrument is not None and form.instrument.name in file.instruments:
            faults += check_scores(form.instrument.name, form.instrument)
    faults += _units(file)
    faults += _sites_terms_and_sources(file, data)
    told = {fault.path for fault in faults}
    for path, name in doubles({key: block for key, block in data.items() if key not in _MAY_REPEAT}):
        if not any(path[:length] in told for length in range(len(path), 0, -1)):
            faults.append(Fault(path, f"{name!r} stands there already; take one of them out"))
    return faults


def doubles(data: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Names that stand in a list of names twice: the place of each but the first, and what it says."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from doubles(value, (*path, key))
    elif isinstance(data, list | tuple):
        known: set[str] = set()
        for place, value in enumerate(data):
            if not isinstance(value, str):
                yield from doubles(value, (*path, place))
            elif value in known:
                yield (*path, place), value
            else:
                known.add(value)


def _verification(file: StudyFile, forms: Mapping[str, CompiledForm]) -> Iterator[Fault]:
    critical = file.verification.critical if file.verification is not None else []
    for place, name in enumerate(critical):
        path: Path = ("verification", "critical", place)
        form, _, item = name.partition(".")
        if item and form in file.all_forms:
            known = forms[form].items if form in forms else {item}  # a form that is broken is said itself
            if item not in known:
                yield Fault(path, unknown(f"item of {form}", item, known))
        elif name not in file.all_forms and name not in ACTIVITIES:
            yield Fault(path, unknown("form or activity", name, {*file.all_forms, *ACTIVITIES}))


def _roles(file: StudyFile) -> Iterator[Fault]:
    said: list[tuple[Path, str | None]] = []
    said += [(("schedule", place, "by"), visit.by) for place, visit in enumerate(file.schedule)]
    said += [(("forms", name, "by"), form.by) for name, form in file.forms.items()]
    said += [(("blinding", place, "role"), hidden.role) for place, hidden in enumerate(file.blinding)]
    for name, form in file.forms.items():
        if form.each and form.by in (None, "participant"):
            message = "is for several people of a role of the staff; write `by:` with it, or take it out"
            yield Fault(("forms", name, "each"), message)
    for name, alert in file.alerts.items():
        said += [(("alerts", name, "tell", place), role) for place, role in enumerate(alert.tell)]
        if not alert.tell:
            yield Fault(("alerts", name, "tell"), "tells nobody; write at least one role")
        for number, step in enumerate(alert.escalate):
            path: Path = ("alerts", name, "escalate", number)
            said += [((*path, "tell", place), role) for place, role in enumerate(step.tell)]
        yield from _episode(name, alert)
    for path, role in said:
        # The participant has a part in every study.
        if role is not None and role not in {*file.roles, "participant"}:
            yield Fault(path, unknown("role", role, file.roles))
    for name, gate in file.gates.items():
        for place, requirement in enumerate(gate.require):
            yield from check_override(file, requirement, ("gates", name, "require", place))
    classes = CLASSES | {form.data_class for form in file.all_forms.values()}
    for place, hidden in enumerate(file.blinding):
        for number, data_class in enumerate(hidden.hidden):
            if data_class not in classes:
                path = ("blinding", place, "hidden", number)
                yield Fault(path, unknown("class of data", data_class, classes))


def _episode(name: str, alert: Alert) -> Iterator[Fault]:
    """How an alert goes on: times that are some time, and steps that say when and whom."""
    for key, time in (("confirm", alert.confirm), ("again", alert.again)):
        if time is not None and time.total_seconds() <= 0:
            yield Fault(("alerts", name, key), "is no time; write a duration, as in '10 min'")
    if alert.confirm is not None and len(alert.tell) < 2:
        message = "is for those who are called once it is confirmed; `tell:` has nobody but the first"
        yield Fault(("alerts", name, "confirm"), message)
    for number, step in enumerate(alert.escalate):
        path: Path = ("alerts", name, "escalate", number)
        if (step.after is None) is (step.when is None):
            yield Fault(path, "is one step; write either 'after: 10 min' or 'when:' with a rule")
        if step.after is not None and step.after.total_seconds() <= 0:
            yield Fault((*path, "after"), "is no time; write a duration, as in '10 min'")
        if not step.tell:
            yield Fault((*path, "tell"), "tells nobody; write at least one role")


def _forms(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    filled = {form for visit in visits.values() for form in forms_at(visit, file.forms)}
    done = {activity for visit in visits.values() for activity in visit.activities}
    filled |= {said.form for said in file.fidelity.values()}  # at the sessions that the sample holds
    # A misspelt form is reported where it is misspelt, not once more as a form that nobody fills.
    filled |= file.forms.keys() if done - file.all_forms.keys() - ACTIVITIES else set()
    for name, form in file.forms.items():
        if name in ACTIVITIES or name in RESERVED:
            message = f"{name!r} is something entact does itself; give the form another name"
            yield Fault(("forms", name), message)
        elif not form.items and form.instrument is None:
            yield Fault(("forms", name), "asks nothing; give it `items:` or an `instrument:`")
        elif name not in filled:
            message = "no visit fills this form; add it to the `do:` of one, or take it out"
            yield Fault(("forms", name), message)
    used = {form.instrument for form in file.forms.values()}
    for name in file.instruments:
        if name not in used:
            yield Fault(("instruments", name), "no form uses this instrument; take it out")


def _units(file: StudyFile) -> Iterator[Fault]:
    """Units that are none of UCUM."""
    items: list[tuple[Path, Item]] = [
        (("forms", name, "items", item), said)
        for name, form in file.forms.items()
        for item, said in form.items.items()
    ]
    items += [((*path, "items", name), inner) for path, said in items for name, inner in said.items.items()]
    for path, said in items:
        if said.unit and (wrong := wrong_unit(said.unit)) is not None:
            yield Fault((*path, "unit"), wrong)
    for name, product in file.products.items():
        for place, strength in enumerate(product.strengths):
            if (wrong := wrong_unit(parse_quantity(strength).unit)) is not None:
                yield Fault(("products", name, "strengths", place), wrong)


_SITE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}")  # its ledger is called after it


def _sites_terms_and_sources(file: StudyFile, data: Mapping[str, Any]) -> Iterator[Fault]:
    for site, plan in file.sites.items():
        if _SITE.fullmatch(site) is None or ".." in site or site.endswith("."):
            message = f"{site!r} cannot be a site's id: at most 60 letters, digits, _, - and ."
            yield Fault(("sites", site), message)
        if (wrong := wrong_country(plan.country)) is not None:
            yield Fault(("sites", site, "country"), wrong)
        try:
            ZoneInfo(plan.timezone)
            if "/" not in plan.timezone and plan.timezone != "UTC":
                raise ValueError("an abbreviation: it has one offset in summer and winter")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"there is no time zone {plan.timezone!r}; write an IANA name, as in 'America/Denver'"
            yield Fault(("sites", site, "timezone"), message)
    for place, term in enumerate(file.adverse_events.solicited):
        if term not in file.adverse_events.terms:
            path: Path = ("adverse_events", "solicited", place)
            yield Fault(path, unknown("event term", term, file.adverse_events.terms))
    for path, source in _sources({key: block for key, block in data.items() if key != "instruments"}, ()):
        words = re.split(r"[\s,;]+", source)
        named = {word for word in words if _FACT.fullmatch(word) or word in file.sources}
        # Words of which some are ids are all ids; anything else is a citation written out.
        for word in words if file.sources and named else ():
            if word not in named:
                yield Fault(path, unknown("source", word, file.sources), source.find(word))


def _sources(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "source" and isinstance(value, str):
                yield (*path, key), value
            elif path or key != "sources":
                yield from _sources(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _sources(value, (*path, place))
