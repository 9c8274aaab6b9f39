"""Whether the parameters of virtual participants fit a study: everything that one names, the other has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from entact.cohort.events import term_code
from entact.cohort.parameters import Parameters
from entact.cohort.part import ParametersError, nearest
from entact.cohort.physiology import doses_of
from entact.cohort.scale import asked_as, scale_of
from entact.course.state.oversight import gates_enrolment
from entact.protocol import Release
from entact.protocol.study import Visit
from entact.protocol.timetable import ACTIVITIES


def check_fit(parameters: Parameters, release: Release) -> None:
    """Says what keeps a study from being rehearsed with these parameters.

    Raises:
        ParametersError: naming the parameter and what the study has instead.
    """
    file = release.file
    entry = entry_activity(release)
    if not any(entry in visit.do for visit in release.visits.values()):
        raise ParametersError(f"{file.study}: no visit of the schedule does `{entry}`")
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
    if parameters.vital_signs.drug and "vital_signs" not in parameters.neutral:
        _check_drug(parameters, release)
    for form, item in unanswered(parameters, release):
        raise ParametersError(
            f"cohort.yaml: answers.{form}.{item}: is missing; say what virtual participants answer"
        )


def _check_drug(parameters: Parameters, release: Release) -> None:
    """The pharmacology knows one drug, and asks who takes it."""
    try:
        doses_of(release)
    except ValueError as problem:
        raise ParametersError(f"cohort.yaml: vital_signs.drug: {problem}") from problem
    for name in ("weight", "sex", "age"):
        if name not in parameters.characteristics:
            raise ParametersError(
                f"cohort.yaml: vital_signs.drug: the model asks for the {name}; give characteristics.{name}"
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
    yield "sites.by_id", parameters.sites.by_id, file.sites or parameters.sites.by_id
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
    instruments = ["", *(asked_as(form) for form in release.forms.values())]  # nothing may be rated at all
    asked = [questionnaire.instrument for questionnaire in parameters.questionnaires.values()]
    yield "instrument", [parameters.severity.instrument, *asked], instruments
    if "vitals" in release.forms:
        yield "vital_signs.signs", parameters.vital_signs.signs, release.forms["vitals"].items


def entry_activity(release: Release) -> str:
    """What takes a participant into the study: randomisation, unless enrolment stands behind a gate."""
    randomised = release.file.randomisation is not None
    return "randomisation" if randomised and not gates_enrolment(release) else "enrolment"


def told_arm(release: Release) -> str | None:
    """The arm that is given openly to whoever was told theirs: the experimental one; None where nobody is."""
    file = release.file
    if not any(track.opens_on.startswith("unblinded.") and track.doses for track in file.tracks.values()):
        return None
    return next((name for name, arm in file.arms.items() if arm.role == "experimental"), None)


def is_open(release: Release, visit: Visit) -> bool:
    """Whether a visit is of a track that opens once a person was told the arm."""
    track = release.file.tracks.get(visit.track or "")
    return track is not None and track.opens_on.startswith("unblinded.")


def unanswered(parameters: Parameters, release: Release) -> Iterator[tuple[str, str]]:
    """Forms and items that are asked at some visit and that neither a model nor `answers` answers."""
    asked = {name for visit in release.visits.values() for name in visit.activities} - ACTIVITIES
    asked -= release.file.adverse_events.checklists.keys()
    severity, scores = parameters.severity, _scores(parameters)
    for name in sorted(asked):
        form = release.forms[name]
        told = {*parameters.answers.get(name, ())}
        for score in scores.get(asked_as(form), ()):
            told |= {*scale_of(form, score).items}
        if asked_as(form) == severity.instrument:
            told |= {*severity.companions, severity.duration_item}
        for item, one in form.items.items():
            if item not in told and one.type not in ("text", "file") and one.calculated is None:
                yield name, item


def _scores(parameters: Parameters) -> dict[str, list[str]]:
    """Instrument -> the scores of it that a model fills."""
    scores = {parameters.severity.instrument: [parameters.severity.score]}
    for questionnaire in parameters.questionnaires.values():
        scores.setdefault(questionnaire.instrument, []).append(questionnaire.score_name)
    return scores
