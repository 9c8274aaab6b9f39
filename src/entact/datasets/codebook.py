"""What a reader of the frames needs of the study file, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from entact.course.state.form import VITALS
from entact.datasets.planned import PlannedAnalysis, contrast_of, planned_analyses
from entact.protocol.compiled import CompiledEndpoint
from entact.protocol.fitting import measured_at, seen_at
from entact.protocol.plan_data import plan_data
from entact.protocol.release import Release
from entact.protocol.words.label import within_sentence

# Analysis sets that a plan may name, and the flag in `subjects` that says who belongs to each, unless a rule
# of the study file says else.
SETS: Mapping[str, str] = {
    "randomised": "RANDFL",
    "itt": "RANDFL",
    "safety": "SAFFL",
    "mitt": "MITTFL",
    "per_protocol": "PPROTFL",
}


_KINDS: Mapping[str, Literal["number", "boolean", "code"]] = {
    "bool": "boolean",
    "int": "number",
    "double": "number",
    "string": "code",
}


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of the schedule: its place in it, kind, activities, and whose it is (none named: all)."""

    name: str
    title: str
    number: int
    kind: str
    activities: tuple[str, ...]
    populations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A score of a form, or an item of one without scores."""

    code: str
    form: str
    name: str
    title: str
    unit: str
    kind: Literal["number", "boolean", "code"]


@dataclass(frozen=True, slots=True)
class PlannedEndpoint:
    """An endpoint of the study file.

    Attributes:
        at: the visit for which it is defined. visits: those after a first dose where its forms are asked.
        kind: a time is one until an event, in days from `after`: a visit; else from entry into the study.
        value: its rule, as the file has it. asked: the visits at which it is asked whether an event came.
        names: the parameters it uses at the visit. earlier: visit -> parameters it uses of an earlier one.
        estimand, set: of the first analysis that the plan has of it; else those of the primary analysis.
    """

    name: str
    title: str
    at: str
    visits: tuple[str, ...]
    kind: Literal["number", "boolean", "time"]
    names: tuple[str, ...]
    earlier: Mapping[str, tuple[str, ...]]
    estimand: str
    set: str
    value: str = ""
    after: str | None = None
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the study's list of events."""

    title: str
    special_interest: str | None
    valence: str


@dataclass(frozen=True, slots=True)
class Codebook:
    """The study file as the frames' reader needs it.

    Attributes:
        arms: name -> title, in the file's order. experimental: names of the experimental arms.
        baselines: form -> the visit that its changes are counted from.
        sessions: names of the dosing visits. doses: population -> sessions with a dose that
            are planned for one person of it.
        standards: name -> version, of dictionaries and data standards that the file names.
        compared: the two arms of the primary contrast; None where the plan names none.
        analyses: of the plan, the primary one first. plan: all that it says, as plain data.
        describes_estimands: whether the plan says what is done about its intercurrent events. language: of
            the study's texts.
        randomised: whether the study randomises. has_units: whether people as one.
        populations: name -> title. flags: analysis set -> the flag
            in `subjects` that says who belongs to it.
    """

    study: str
    title: str
    registry: str | None
    release: str
    arms: Mapping[str, str]
    experimental: tuple[str, ...]
    planned: int
    visits: Mapping[str, PlannedVisit]
    forms: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    vital_signs: Mapping[str, Parameter]
    characteristics: Mapping[str, Parameter]
    endpoints: Mapping[str, PlannedEndpoint]
    primary: str
    baselines: Mapping[str, str]
    sets: Mapping[str, str]
    terms: Mapping[str, Term]
    criteria: Mapping[str, str]
    sessions: tuple[str, ...]
    doses: Mapping[str, int]
    standards: Mapping[str, str]
    randomised: bool
    has_units: bool
    populations: Mapping[str, str]
    flags: Mapping[str, str]
    compared: tuple[str, str] | None = None
    analyses: tuple[PlannedAnalysis, ...] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    describes_estimands: bool = False
    language: str = "en"

    def inside(self, title: str) -> str:
        """A title within a sentence, in the language of the study."""
        return within_sentence(title, self.language)

    @property
    def entered(self) -> str:
        """The flag of those who were taken into the study."""
        return _entered(self.randomised)

    @property
    def beside(self) -> tuple[str, ...]:
        """Populations that take part beside those who are randomised: no visit of theirs randomises."""
        where = [visit.populations for visit in self.visits.values() if "randomisation" in visit.activities]
        return tuple(
            name for name in self.populations if where and all(one and name not in one for one in where)
        )

    def populations_with(self, visits: Iterable[str]) -> tuple[str, ...]:
        """The populations for whom at least one of some visits is planned; all where none is named."""
        own = [self.visits[visit].populations for visit in visits]
        return tuple(
            name for name in self.populations if not own or any(not one or name in one for one in own)
        )


def _entered(randomised: bool) -> str:
    return "RANDFL" if randomised else "ENRLFL"


def codebook(release: Release) -> Codebook:
    """The codebook of a release.

    Raises:
        ValueError: when the analysis plan names an analysis set that entact cannot derive.
    """
    file = release.file
    flags = _flags(release)
    for analysis in (file.analysis.primary, *file.analysis.secondary.values()):
        if analysis.set not in flags:
            raise ValueError(
                f"analysis set {analysis.set!r} is not known; the plan may name {', '.join(flags)}"
            )
    visits = {
        name: PlannedVisit(
            name, visit.title or words(name), number, visit.kind, visit.activities, visit.populations
        )
        for number, (name, visit) in enumerate(release.visits.items(), start=1)
    }
    endpoints = {name: _endpoint(release, name, compiled) for name, compiled in release.endpoints.items()}
    compared = contrast_of(file, file.analysis.primary)
    return Codebook(
        study=file.study,
        title=file.title,
        registry=file.registry,
        release=release.id,
        arms={name: arm.title for name, arm in file.arms.items()},
        compared=None if compared is None or compared.weights is not None else compared.pair,
        experimental=tuple(name for name, arm in file.arms.items() if arm.role == "experimental"),
        planned=sum(population.planned for population in file.populations.values()),
        visits=visits,
        forms={name: _form_title(release, name) for name in release.forms},
        parameters={
            parameter.code: parameter
            for name, form in release.forms.items()
            if not form.lasting and name != VITALS
            for parameter in _parameters(release, name)
        },
        vital_signs={parameter.name: parameter for parameter in _parameters(release, VITALS)},
        characteristics=_characteristics(release),
        endpoints=endpoints,
        primary=file.analysis.primary.endpoint,
        baselines=_baselines(endpoints.values()),
        sets=file.analysis.set_texts,
        terms={
            name: Term(term.title, term.special_interest, term.valence)
            for name, term in file.adverse_events.terms.items()
        },
        criteria={name: criterion.text for name, criterion in file.eligibility.items()},
        sessions=tuple(name for name, visit in visits.items() if visit.kind == "dosing"),
        doses={name: release.most_doses(name) for name in file.populations},
        standards=_standards(release),
        randomised=file.randomisation is not None,
        has_units=file.randomisation is not None and file.randomisation.unit is not None,
        populations={name: said.title or words(name) for name, said in file.populations.items()},
        flags=flags,
        analyses=tuple(planned_analyses(release)),
        plan=plan_data(file, list(release.visits)),
        describes_estimands=bool(file.analysis.estimands),
        language=file.languages[0],
    )


def _flags(release: Release) -> dict[str, str]:
    """Analysis set -> flag; where nobody is randomised, all who were enrolled stand for all randomised."""
    entered = _entered(release.file.randomisation is not None)
    known = {name: entered if flag == "RANDFL" else flag for name, flag in SETS.items()}
    return known | {name: _own_flag(name) for name in release.rules.sets if _is_own(release, name)}


def _is_own(release: Release, name: str) -> bool:
    """Whether a set has a flag of its own: one of everybody who entered has it where its rule says else."""
    says_all = release.rules.sets[name].rule.text.strip() == "person.randomised"
    return name not in SETS or (SETS[name] == "RANDFL" and not says_all)


def _own_flag(name: str) -> str:
    flag = f"{name.upper()}FL"
    return f"{name.upper()}SETFL" if flag in {*SETS.values(), "ENRLFL"} else flag


def _standards(release: Release) -> dict[str, str]:
    """The versions of dictionaries and standards that the study file names."""
    said = release.file.standards
    known = {} if said is None else said.model_dump(exclude={"source", "assumption"})
    return {name: version for name, version in known.items() if version is not None}


def words(name: str) -> str:
    """A name as one reads it: `assessment_4` is `Assessment 4`."""
    return name.replace("_", " ").capitalize()


def _form_title(release: Release, name: str) -> str:
    form = release.forms[name]
    return form.form.title or (form.instrument.title if form.instrument else words(name))


def _parameters(release: Release, name: str) -> list[Parameter]:
    """The scores of a form; of one without scores, the items that are numbers, codes, or yes or no."""
    if name not in release.forms:
        return []
    form = release.forms[name]
    if form.scores:
        return [
            Parameter(f"{name}.{score}", name, score, words(score), "", _KINDS[form.types[score]])
            for score in form.scores
        ]
    return [
        Parameter(
            f"{name}.{item}", name, item, said.title or words(item), said.unit, _KINDS[form.types[item]]
        )
        for item, said in form.items.items()
        if form.types.get(item) in _KINDS
    ]


def _characteristics(release: Release) -> dict[str, Parameter]:
    """Column of `subjects` -> item of a lasting form; the form is named too where two share a name."""
    lasting = [
        parameter
        for name, form in release.forms.items()
        if form.lasting
        for parameter in _parameters(release, name)
    ]
    names = [parameter.name for parameter in lasting]
    return {
        (one.name if names.count(one.name) == 1 else one.code.replace(".", "_")).upper(): one
        for one in lasting
    }


def _endpoint(release: Release, name: str, compiled: CompiledEndpoint) -> PlannedEndpoint:
    plan = release.file.analysis
    endpoint, rule = compiled.endpoint, compiled.rule
    here = tuple(sorted(name for name in rule.names if name.count(".") == 1))
    earlier: dict[str, list[str]] = {}
    for visit, _, parameter in (one.partition(".") for one in sorted(rule.names) if one.count(".") == 2):
        earlier.setdefault(visit, []).append(parameter)
    analyses = [one for one in (plan.primary, *plan.secondary.values()) if one.endpoint == name]
    own = analyses or [plan.primary]
    kind: Literal["number", "boolean", "time"] = "boolean" if rule.returns == "bool" else "number"
    return PlannedEndpoint(
        name=name,
        title=endpoint.title or words(name),
        at=endpoint.at,
        visits=seen_at(compiled, release.forms, release.visits),
        kind="time" if endpoint.is_time else kind,
        names=here,
        earlier={visit: tuple(parameters) for visit, parameters in earlier.items()},
        estimand=own[0].estimand,
        set=own[0].set,
        value=endpoint.rule,
        after=endpoint.after,
        asked=_asked(release, compiled) if endpoint.is_time else (),
    )


def _asked(release: Release, compiled: CompiledEndpoint) -> tuple[str, ...]:
    """The visits up to that of a time's end at which all that its event asks is asked, in their order."""
    end = compiled.endpoint.at
    seen = set(measured_at(compiled.rule, end, release.forms, release.visits))
    order = list(release.visits)
    return tuple(name for name in order[: order.index(end) + 1] if name in seen)


def _baselines(endpoints: Iterable[PlannedEndpoint]) -> dict[str, str]:
    baselines: dict[str, str] = {}
    for endpoint in endpoints:
        for visit, parameters in endpoint.earlier.items():
            for parameter in parameters:
                baselines.setdefault(parameter.partition(".")[0], visit)
    return baselines
