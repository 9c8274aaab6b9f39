"""What a rehearsal is made from, found and read before anything of an earlier one is thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from entact.cohort import ParametersError
from entact.cohort.fit import check_fit
from entact.cohort.scenario import load_parameters
from entact.cohort.trial import shipped_cohort
from entact.protocol import Study, load_study
from entact.protocol.problem import unknown


@dataclass(frozen=True)
class Plan:
    """A study, the parameters of its virtual participants, and the scenario that overrides them.

    Attributes:
        cohort: the file beside the study; without one a neutral cohort is derived from the study.
        shipped: whether it is one of entact's own, to which published results belong.
    """

    study: Study
    cohort: Path | None
    scenario: Path | None
    shipped: bool


def plan_rehearsal(name: str, scenario: str | None) -> Plan:
    """The plan for a study, by the name or path of both.

    Raises:
        StudyError: when there is no such study or it cannot be used.
        ParametersError: when it cannot be rehearsed, or there is no such scenario.
    """
    study = load_study(name)
    shipped = study.name == name
    beside = shipped_cohort(name) if shipped else _folder(name) / "cohort.yaml"
    cohort = beside if beside.is_file() else None
    path = None if scenario is None else _scenario(study.name, beside.parent / "scenarios", scenario)
    check_fit(load_parameters(cohort, path, release=study.newest), study.newest)
    return Plan(study, cohort, path, shipped)


def _folder(name: str) -> Path:
    path = Path(name)
    return path if path.is_dir() else path.parent


def _scenario(study: str, folder: Path, name: str) -> Path:
    """The file of a scenario: one that lies beside the study, by its name; else the path of one."""
    beside = folder / f"{name}.yaml"
    if beside.is_file():
        return beside
    if Path(name).is_file():
        return Path(name)
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    raise ParametersError(f"{unknown(f'scenario of {study}', name, known)} (or give the path of a file)")
