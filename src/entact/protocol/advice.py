"""What a study file hardly means, though it can: said as a warning, and never a reason to refuse it."""

from __future__ import annotations

from collections.abc import Iterator

from entact.protocol.country import countries_of
from entact.protocol.problem import Fault
from entact.protocol.study import STAY_BLINDED, StudyFile, Translated, words_in
from entact.protocol.unit import advise_unit
from entact.protocol.without_drug import plain_to_all


def advise(file: StudyFile) -> Iterator[Fault]:
    """Every warning about a study file that makes sense as a whole."""
    yield from _roles_that_see_all(file)
    yield from _nobody_holds_the_list(file)
    yield from _zones(file)
    yield from _called_alone(file)
    yield from _drawn_apart(file)
    yield from plain_to_all(file)
    yield from advise_unit(file)
    yield from _on_one_another(file)
    yield from _together(file)
    yield from _untranslated(file)


def is_blinded(file: StudyFile) -> bool:
    """Whether anybody is to be kept from knowing who got what."""
    looks_alike = any(product.placebo == "matching" for product in file.products.values())
    differs = any(regimen.arms for regimen in file.regimens.values())
    return file.randomisation is not None and bool(file.blinding or looks_alike or differs)


def _roles_that_see_all(file: StudyFile) -> Iterator[Fault]:
    said = {hidden.role for hidden in file.blinding}
    forgotten = [role for role in ("participant", *file.roles) if role not in said]
    if is_blinded(file) and forgotten:
        names = ", ".join(dict.fromkeys(forgotten))
        message = (
            f"says nothing of {names}: nothing is hidden from them, the allocation neither; write a line "
            "for each, with `hidden: []` where that is meant"
        )
        yield Fault(("blinding",), message)


def _nobody_holds_the_list(file: StudyFile) -> Iterator[Fault]:
    """The list is held, rows opened and kits packed by somebody from whom the allocation is not hidden."""
    hidden = {one.role for one in file.blinding if "allocation" in one.hidden}
    if (
        is_blinded(file)
        and len(file.arms) > 1
        and not set(file.roles) - hidden - STAY_BLINDED - {"participant"}
    ):
        message = (
            "hides the allocation from every role, so that nobody can hold the sealed list; add a role that "
            "is no part of the team, as an unblinded pharmacist, with a line that does not hide it"
        )
        yield Fault(("blinding",), message)


def _zones(file: StudyFile) -> Iterator[Fault]:
    for name, site in file.sites.items():
        countries = countries_of(site.timezone)
        if countries and site.country not in countries:
            message = (
                f"{site.timezone} is a time zone of {', '.join(sorted(countries))}, and this site is in "
                f"{site.country}; change one of them"
            )
            yield Fault(("sites", name, "timezone"), message)


def _called_alone(file: StudyFile) -> Iterator[Fault]:
    """An alert of the highest urgency that reaches one role, and nobody else where that one is silent."""
    for name, alert in file.alerts.items():
        if alert.urgency == "now" and len(set(alert.tell)) == 1 and not alert.escalate:
            message = (
                f"calls {alert.tell[0]} alone, now, and nobody else when there is no answer; add "
                "`escalate: [{after: 10 min, tell: [...]}]`, or tell another role too"
            )
            yield Fault(("alerts", name), message)


def _drawn_apart(file: StudyFile) -> Iterator[Fault]:
    """People who belong together, and would each be given an arm of their own."""
    randomising = [visit for visit in file.schedule if "randomisation" in visit.do]
    for name, population in file.populations.items():
        pair = {name, population.linked_to}
        if population.linked_to is None or file.randomisation is None:
            continue
        if file.randomisation.unit is not None and pair <= set(file.randomisation.unit.populations):
            continue
        if any(pair <= set(visit.populations or file.populations) for visit in randomising):
            message = (
                f"a {name} and their {population.linked_to} are randomised apart, and may be given two arms; "
                f"for one draw write `unit: {{of: {population.linked_to} and {name}, size: 2, incomplete: "
                "nobody}` into `randomisation:`"
            )
            yield Fault(("populations", name, "linked_to"), message)


def _on_one_another(file: StudyFile) -> Iterator[Fault]:
    """Visits of a row, each of which may fall on the one before: a daily diary twice in one evening."""
    for place, visit in enumerate(file.schedule):
        row = visit.then
        if row is not None and row.slack == row.every:  # longer, it is refused
            message = (
                "slack as long as `every` lets a visit of the row fall on the one before; write less, or none"
            )
            yield Fault(("schedule", place, "then"), message)


def _together(file: StudyFile) -> Iterator[Fault]:
    """Groups that no gate counts, and what no rehearsal tries of them."""
    places = [place for place, visit in enumerate(file.schedule) if visit.together is not None]
    if not places:
        return
    message = (
        "a rehearsal holds this for each participant alone, with the others entered as present: that a group "
        "can meet on one day is not tried, and the site's calendar has to see to it"
    )
    yield Fault(("schedule", places[0], "together"), message)
    gate = file.gates.get("initial_dose")
    asked = gate is not None and any("present('participant')" in one.require for one in gate.require)
    dosing = [place for place in places if file.schedule[place].kind == "dosing"]
    if dosing and not asked:
        low, high = file.schedule[dosing[0]].together or (0, 0)
        many = f"present('participant') >= {low} && present('participant') <= {high}"
        message = (
            "no gate asks how many participants are there; one who comes alone is given the dose, and that "
            f'is found afterwards. To ask before: gates.initial_dose, `require: "{many}"`'
        )
        yield Fault(("schedule", dosing[0], "together"), message)


def _untranslated(file: StudyFile) -> Iterator[Fault]:
    """Texts in one language, of a study that has several: who reads another sees them as they are."""
    if len(file.languages) < 2:
        return
    found = [path for path, text in words_in(file) if not isinstance(text, Translated)]
    if found:
        shown = ", ".join(".".join(map(str, path)) for path in found[1:4])
        others = f"; so do {len(found) - 1} more, as {shown}" if len(found) > 1 else ""
        message = f"stands in one language of {', '.join(file.languages)}; write one text for each{others}"
        yield Fault(found[0], message)
