"""What a rehearsal is made from, found and read before anything of an earlier one is thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from entact.cli.published import load_published
from entact.cohort import ParametersError
from entact.cohort.scenario import load_parameters, require_fit
from entact.cohort.trial import cohort_beside
from entact.datasets import codebook
from entact.protocol import Study, load_study
from entact.protocol.problem import unknown
from entact.report.published import FILE, Published


@dataclass(frozen=True)
class Plan:
    """A study, the parameters of its virtual participants, and the scenario that overrides them.

    Attributes:
        cohort: the file beside the study; without one a neutral cohort is derived from the study.
        published: its published results, where they lie beside it.
    """

    study: Study
    cohort: Path | None
    scenario: Path | None
    published: Published | None


def plan_rehearsal(name: str, scenario: str | None) -> Plan:
    """The plan for a study, by the name or path of both.

    Raises:
        StudyError: when there is no such study or it cannot be used.
        ParametersError: when it cannot be rehearsed, or there is no such scenario.
        PublishedError: when there are published results beside it that cannot be read.
    """
    study = load_study(name)
    assert study.folder is not None
    cohort, printed = cohort_beside(study), study.folder / FILE
    path = None if scenario is None else _scenario(study.name, study.folder / "scenarios", scenario)
    parameters = load_parameters(cohort, path, release=study.newest)
    require_fit(parameters, study.newest, path, cohort)
    published = load_published(printed, codebook(study.newest)) if printed.is_file() else None
    return Plan(study, cohort, path, published)


def _scenario(study: str, folder: Path, name: str) -> Path:
    """The file of a scenario: one that lies beside the study, by its name; else the path of one."""
    beside = folder / f"{name}.yaml"
    if beside.is_file():
        return beside
    if Path(name).is_file():
        return Path(name)
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    raise ParametersError(f"{unknown(f'scenario of {study}', name, known)} (or give the path of a file)")
