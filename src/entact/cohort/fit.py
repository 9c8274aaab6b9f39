"""Whether the parameters of virtual participants fit a study: everything that one names, the other has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from entact.cohort.events import term_code
from entact.cohort.parameters import Parameters
from entact.cohort.physiology import doses_of
from entact.cohort.scale import asked_as, scale_of
from entact.course.state.oversight import gates_enrolment
from entact.protocol import Release
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import RandomisedUnit, Visit
from entact.protocol.timetable import ACTIVITIES


def misfits(parameters: Parameters, release: Release) -> Iterator[Fault]:
    """What keeps a study from being rehearsed with these parameters, each at its place among them."""
    file = release.file
    for population in file.populations:
        entry = entry_activity(release, population)
        if not any(entry in visit.do for visit in release.visits_of(population, file.tracks).values()):
            yield Fault((), f"no visit of {population} in the schedule of {file.study} does `{entry}`")
    for path, what, given, known in _names(parameters, release):
        for place, name in _placed(path, given):
            if name not in known:
                yield Fault(place, unknown(what, name, known), at_key=isinstance(given, Mapping))
    for path, what, needed, told in _needed(parameters, release):
        for name in needed:
            if name not in told:
                yield Fault(path, f"the {what} {name!r} of the study is missing", at_key=True)
    for number, term in enumerate(parameters.adverse_events.terms):
        if term_code(release, term.term) is None:
            titles = [said.title for said in file.adverse_events.terms.values()]
            path = ("adverse_events", "terms", number, "term")
            yield Fault(path, unknown("event term", term.term, titles))
    if parameters.vital_signs.drug and "vital_signs" not in parameters.neutral:
        yield from _drug(parameters, release)
    for form, item in unanswered(parameters, release):
        message = "is missing; say what virtual participants answer"
        yield Fault(("answers", form, item), message, at_key=True)


def _drug(parameters: Parameters, release: Release) -> Iterator[Fault]:
    """The pharmacology knows one drug, and asks who takes it."""
    path: Path = ("vital_signs", "drug")
    try:
        doses_of(release)
    except ValueError as problem:
        yield Fault(path, str(problem), at_key=True)
    for name in ("weight", "sex", "age"):
        if name not in parameters.characteristics:
            message = f"the model asks for the {name}; give characteristics.{name}"
            yield Fault(path, message, at_key=True)


Given = str | Sequence[str] | Mapping[str, object]


def _placed(path: Path, given: Given) -> Iterator[tuple[Path, str]]:
    """Each name with its place: a name alone, those of a list, the keys of a block."""
    if isinstance(given, str):
        yield path, given
    elif isinstance(given, Mapping):
        yield from (((*path, name), name) for name in given)
    else:
        yield from (((*path, place), name) for place, name in enumerate(given))


def _names(parameters: Parameters, release: Release) -> Iterator[tuple[Path, str, Given, Collection[str]]]:
    """Where a parameter names something of the study: what, the names, and those that there are."""
    file = release.file
    dosing = [name for name, visit in release.visits.items() if visit.kind == "dosing"]
    yield ("study",), "study", parameters.study, [file.study]
    yield ("arms",), "arm", parameters.arms, file.arms
    yield ("timepoints",), "visit", parameters.timepoints, release.visits
    yield ("sessions",), "dosing session", parameters.sessions, dosing
    yield ("sites", "by_id"), "site", parameters.sites.by_id, file.sites or parameters.sites.by_id
    yield ("answers",), "form", parameters.answers, release.forms
    yield from _items(("answers",), parameters.answers, release)
    for place, refusal in enumerate(parameters.screening.reasons):
        path: Path = ("screening", "reasons", place)
        yield (*path, "criteria"), "criterion", refusal.criteria, release.criteria
        yield (*path, "answers"), "form", refusal.answers, release.forms
        yield from _items((*path, "answers"), refusal.answers, release)
    instruments = ["", *(asked_as(form) for form in release.forms.values())]  # nothing may be rated at all
    yield ("severity", "instrument"), "instrument", parameters.severity.instrument, instruments
    for name, questionnaire in parameters.questionnaires.items():
        path = ("questionnaires", name, "instrument")
        yield path, "instrument", questionnaire.instrument, instruments
    if "vitals" in release.forms:
        signs = release.forms["vitals"].items
        yield ("vital_signs", "signs"), "item of the vital signs", parameters.vital_signs.signs, signs


def _items(
    path: Path, answers: Mapping[str, Mapping[str, object]], release: Release
) -> Iterator[tuple[Path, str, Given, Collection[str]]]:
    for form, items in answers.items():
        if form in release.forms:
            yield (*path, form), f"item of {form}", items, release.forms[form].items


def _needed(
    parameters: Parameters, release: Release
) -> Iterator[tuple[Path, str, Collection[str], Collection[str]]]:
    """What of the study has to be said: where, what, which names, and those that are said."""
    dosing = [name for name, visit in release.visits.items() if visit.kind == "dosing"]
    yield ("arms",), "arm", release.file.arms, parameters.arms
    yield ("sessions",), "dosing session", dosing, parameters.sessions
    yield ("vital_signs", "levels"), "regimen", release.file.regimens, parameters.vital_signs.levels


def is_randomised(release: Release, population: str) -> bool:
    """Whether those of a population are randomised; whoever accompanies somebody may not be."""
    visits = release.visits_of(population, release.file.tracks).values()
    return release.file.randomisation is not None and any("randomisation" in visit.do for visit in visits)


def unit_of(release: Release, population: str) -> RandomisedUnit | None:
    """The unit as one of which those of a population are randomised; None where each is alone."""
    plan = release.file.randomisation
    return plan.unit if plan is not None and plan.unit and population in plan.unit.populations else None


def entry_activity(release: Release, population: str) -> str:
    """What takes somebody of a population in: randomisation, unless enrolment stands behind a gate."""
    randomised = is_randomised(release, population) and not gates_enrolment(release)
    return "randomisation" if randomised else "enrolment"


def told_arm(release: Release) -> str | None:
    """The arm that is given openly to whoever was told theirs: the experimental one; None where nobody is."""
    file = release.file
    if not any(track.unblinds and track.doses for track in file.tracks.values()):
        return None
    return next((name for name, arm in file.arms.items() if arm.role == "experimental"), None)


def is_open(release: Release, visit: Visit) -> bool:
    """Whether a visit is of a track that opens once a person was told the arm."""
    track = release.file.tracks.get(visit.track or "")
    return track is not None and track.unblinds


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
            if severity.relation is not None and form.instrument is not None:
                told |= {name for name, _ in form.instrument.qualifiers.values()}
        for item, one in form.items.items():
            if item not in told and one.type not in ("text", "file") and one.is_entered:
                yield name, item


def _scores(parameters: Parameters) -> dict[str, list[str]]:
    """Instrument -> the scores of it that a model fills."""
    scores = {parameters.severity.instrument: [parameters.severity.score]}
    for questionnaire in parameters.questionnaires.values():
        scores.setdefault(questionnaire.instrument, []).append(questionnaire.score_name)
    return scores
