"""Whether the parameters of virtual participants fit a study: everything that one names, the other has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from entact.cohort.events import term_code
from entact.cohort.parameters import Parameters, nearest
from entact.cohort.scenario import ParametersError
from entact.protocol import Release

_OWN = {"consent", "screening", "eligibility", "enrolment", "randomisation", "medication", "vital_signs"}
_OWN |= {"guess", "adverse_events", "safety_call", "dose"}


def check_fit(parameters: Parameters, release: Release) -> None:
    """Says what keeps a study from being rehearsed with these parameters.

    Raises:
        ParametersError: naming the parameter and what the study has instead.
    """
    file = release.file
    if file.randomisation is None:
        raise ParametersError(f"{file.study} does not randomise: only randomised studies can be rehearsed")
    if not any("randomisation" in visit.do for visit in release.visits.values()):
        raise ParametersError(f"{file.study}: no visit of the schedule does `randomisation`")
    for where, names, known in _names(parameters, release):
        for name in names:
            if name not in known:
                raise ParametersError(
                    f"cohort.yaml: {where}: the study has no {name!r}{nearest(name, list(known))}"
                )
    for term in parameters.adverse_events.terms:
        if term_code(release, term.term) is None:
            raise ParametersError(
                f"cohort.yaml: adverse_events.terms: {term.term!r} is not in the study's event list"
            )
    for form, item in _unanswered(parameters, release):
        raise ParametersError(
            f"cohort.yaml: answers.{form}.{item}: is missing; say what virtual participants answer"
        )


def _names(parameters: Parameters, release: Release) -> Iterator[tuple[str, Iterable[str], Iterable[str]]]:
    """Where a parameter names something, the names, and those that the study has."""
    file = release.file
    dosing = [name for name, visit in release.visits.items() if visit.kind == "dosing"]
    yield "study", [parameters.study], [file.study]
    yield "arms", parameters.arms, file.arms
    yield "arms", file.arms, parameters.arms
    yield "timepoints", parameters.timepoints, release.visits
    yield "sessions", parameters.sessions, dosing
    yield "sessions", dosing, parameters.sessions
    yield "sites.by_id", parameters.sites.by_id, file.sites
    yield "vital_signs.levels", file.regimens, parameters.vital_signs.levels
    yield "answers", parameters.answers, release.forms
    for form, answers in parameters.answers.items():
        yield f"answers.{form}", answers, release.forms[form].items
    for refusal in parameters.screening.reasons:
        where = f"screening.reasons {refusal.reason!r}"
        yield f"{where}.criteria", refusal.criteria, release.criteria
        yield f"{where}.answers", refusal.answers, release.forms
        for form, answers in refusal.answers.items():
            yield f"{where}.answers.{form}", answers, release.forms[form].items
    instruments = [form.instrument.name for form in release.forms.values() if form.instrument is not None]
    asked = [questionnaire.instrument for questionnaire in parameters.questionnaires.values()]
    yield "instrument", [parameters.severity.instrument, *asked], instruments
    if "vitals" in release.forms:
        yield "vital_signs.signs", parameters.vital_signs.signs, release.forms["vitals"].items


def _unanswered(parameters: Parameters, release: Release) -> Iterator[tuple[str, str]]:
    """Forms and items that are asked at some visit and that neither a model nor `answers` answers."""
    asked = {name for visit in release.visits.values() for name in visit.do if name not in _OWN}
    modelled = {questionnaire.instrument for questionnaire in parameters.questionnaires.values()}
    severity = parameters.severity
    for name in sorted(asked):
        form = release.forms[name]
        instrument = form.instrument.name if form.instrument is not None else ""
        told = {*parameters.answers.get(name, ())}
        if instrument == severity.instrument:
            told |= {item for item, one in form.items.items() if one.type == "integer"}
            told |= {severity.duration_item}
        for item, one in form.items.items():
            if item not in told and one.type != "text" and instrument not in modelled:
                yield name, item
