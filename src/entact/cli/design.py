"""`entact design`: the looks of a study file with their bounds, and how many participants they take."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import typer

from entact.analysis.modelled import model_covariance
from entact.analysis.plan import design_of
from entact.analysis.sample_size import Means, Rates, RepeatedMeasures
from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential import GroupSequential, SampleSize, Table
from entact.cli.plan import plan_rehearsal
from entact.cli.work import use_workers
from entact.cohort import rehearse
from entact.course import fold, read
from entact.datasets import Datasets, PlannedAnalysis, build, model_frame
from entact.protocol import Study, load_study

SIMULATED = "SIMULATED"


class DesignError(ValueError):
    """What was asked of a design and cannot be answered: says what would be right."""


@dataclass(frozen=True)
class Question:
    """What is asked of a study's looks.

    Attributes:
        effect: difference that is planned for. sd: within arms; None takes what virtual participants have.
        rates: on treatment and on control, for a yes or no. power: wanted. participants: for whom power is
            said, else as many as the power takes. virtual, seed: of the virtual participants. ratio: of the
            compared arms. dropout: share lost, where no visits are simulated.
    """

    study: str
    effect: float | None = None
    sd: float | None = None
    rates: tuple[float, float] | None = None
    power: float = 0.9
    participants: int | None = None
    virtual: int | None = None
    seed: int = 1
    dropout: float = 0.0


@dataclass(frozen=True)
class Answer:
    """The design of a study, and what it takes.

    Attributes:
        sizes: for how many power is drawn, that of the table first. simulated: whether virtual participants
            told the spread.
    """

    study: Study
    design: GroupSequential
    comparison: Comparison | None
    table: Table
    size: SampleSize | None
    sizes: tuple[float, ...]
    notes: tuple[str, ...]
    simulated: bool


def answer(question: Question) -> Answer:
    """The looks of a study's plan with their bounds; with an effect, how many participants they take.

    Raises:
        DesignError: for a question that does not fit the plan, or numbers that make no sense.
        StudyError: when there is no such study or it cannot be used.
    """
    study = load_study(question.study)
    plan = study.newest.file.analysis
    try:
        design = design_of(plan)
        comparison, notes, simulated = _comparison(question, study)
        size = None if comparison is None else design.sample_size(comparison, question.power)
        asked = () if question.participants is None else (float(question.participants),)
        sizes = asked if size is None else (*asked, size.size)
        table = design.table(comparison, sizes[0] if sizes else None)
    except DesignError:
        raise
    except ValueError as problem:
        raise DesignError(f"{study.name}: {problem}") from problem
    told = [*_told(study, design), *notes]
    if comparison is not None and question.participants is not None:
        reached = design.power(comparison, question.participants).overall
        told.append(f"With {question.participants} participants power is {reached:.4f}.")
    return Answer(study, design, comparison, table, size, sizes, tuple(told), simulated)


def read_rates(text: str) -> tuple[float, float]:
    """Two rates, as in `0.67,0.32`. Errors: `DesignError`."""
    try:
        one, two = (float(part) for part in text.split(","))
    except ValueError:
        raise DesignError(
            f"{text!r} is not two rates; write those on treatment and on control, as in 0.67,0.32"
        ) from None
    return one, two


def as_data(found: Answer) -> dict[str, Any]:
    """The answer for `--json`."""
    design, bounds = found.design, found.design.boundaries()
    return {
        "study": found.study.name,
        "release": found.study.newest.id,
        "simulated": found.simulated,
        "sided": design.sided,
        "alpha_of_one_side": design.alpha,
        "information": list(bounds.information),
        "upper": [value if isfinite(value) else None for value in bounds.upper],
        "lower": None
        if bounds.lower is None
        else [value if isfinite(value) else None for value in bounds.lower],
        "nominal_one_sided": list(bounds.nominal),
        "spent_of_one_side": list(bounds.spent),
        "inflation": design.inflation(),
        "size": None if found.size is None else _size_data(found.size),
        "notes": list(found.notes),
    }


def _size_data(size: SampleSize) -> dict[str, Any]:
    return {
        "planned_for": size.comparison.told(),
        "power": size.power,
        "counted": size.comparison.counted,
        "participants": ceil(size.size - 1e-9),
        "arms": list(size.arms),
        "enrolled": None if size.enrolled is None else list(size.enrolled),
        "at_looks": list(size.at),
        "expected": size.expected,
        "expected_without_effect": size.expected_null,
    }


def print_answer(found: Answer) -> None:
    """The table of looks, how many it takes, and what has to be known of it."""
    heading = f"{found.study.name} · {found.study.newest.file.title}"
    typer.echo(f"{heading} · {SIMULATED} COVARIANCE" if found.simulated else heading)
    typer.echo(str(found.table))
    if found.size is not None:
        typer.echo(f"\n{found.size}")
    if found.notes:
        typer.echo("")
    for note in found.notes:
        typer.echo(f"- {note}")


def draw(found: Answer, path: Path) -> None:
    """Writes bounds and power as a picture. Errors: `PictureError`, `OSError`."""
    from entact.report.pictures.design import design_sheet
    from entact.report.pictures.sheet import write_sheet

    origin = SIMULATED if found.simulated else "PLAN"
    title = f"{found.study.name}: looks and power"
    write_sheet(
        design_sheet(title, found.design, found.notes, found.comparison, found.sizes, origin=origin), path
    )


def _told(study: Study, design: GroupSequential) -> list[str]:
    """Where what the plan says and what the looks allow are not the same."""
    plan = study.newest.file.analysis
    if plan.interim is None:
        return ["The plan has no look before the end."]
    if plan.interim.spends is None:
        return []
    allowed = design.sided * design.boundaries().nominal[-1]
    two_sided = (plan.primary.side or "two_sided") == "two_sided"
    said = plan.primary.alpha / 2 if two_sided and design.sided == 1 else plan.primary.alpha
    return [
        f"The plan tests the end at {said:.6g}; of {design.sided * design.alpha:.6g} in all the looks leave"
        f" {allowed:.6g}, as they and the end are of the same participants."
    ]


def _comparison(question: Question, study: Study) -> tuple[Comparison | None, list[str], bool]:
    """What is compared, as the plan's method has it."""
    primary = study.newest.file.analysis.primary
    if question.rates is not None:
        if question.effect is not None or question.sd is not None:
            raise DesignError("--rates says the effect of a yes or no; leave out --effect and --sd")
        return Rates(*question.rates, ratio=_ratio(study), dropout=question.dropout), [], False
    if question.effect is None:
        if question.sd is not None or question.participants is not None:
            raise DesignError("say --effect too, the difference that is planned for")
        return None, [], False
    if primary.method == "proportion":
        raise DesignError("the plan compares shares: say --rates 0.6,0.3, those on treatment and on control")
    if question.sd is not None:
        known = Means(question.effect, question.sd, ratio=_ratio(study), dropout=question.dropout, t=True)
        return known, [], False
    if primary.method != "mmrm":
        raise DesignError(
            f"the plan's method is {primary.method}: say --sd, the standard deviation within arms"
        )
    if question.dropout:
        raise DesignError("virtual participants leave by themselves: --dropout goes with --sd or --rates")
    repeated, note = _rehearsed(question, study)
    return repeated, [note], True


def _ratio(study: Study) -> float:
    """Participants of the first compared arm for one of the second."""
    file = study.newest.file
    arms = (file.analysis.primary.contrast or "").partition(" at ")[0].split(" - ")
    shares = {} if file.randomisation is None else file.randomisation.ratio
    if len(arms) != 2 or not all(arm in shares for arm in arms):
        return 1.0
    return shares[arms[0]] / shares[arms[1]]


def _rehearsed(question: Question, study: Study) -> tuple[RepeatedMeasures, str]:
    """The plan's mixed model on virtual participants: what is left between visits, and who is still seen."""
    plan = plan_rehearsal(question.study, None)
    with use_workers(None) as executor:
        trial = rehearse(study, question.virtual, question.seed, cohort=plan.cohort, executor=executor)
    courses = (
        fold(study, [read(line.text) for line in lines])
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    )
    datasets = build(study, courses, trial.allocation.arms())
    analysis = next(one for one in datasets.book.analyses if one.name == "primary")
    frame = model_frame(datasets, analysis)
    visits, matrix = model_covariance(
        frame,
        fixed=analysis.fixed,
        at=analysis.at,
        covariance=analysis.covariance,
        pool_sites_below=analysis.pool_sites_below,
    )
    counts = dict(frame.group_by("visit").len().rows())
    asked = asked_for(datasets, analysis)
    seen = np.minimum.accumulate([counts[visit] / max(asked, 1) for visit in visits])
    assert question.effect is not None
    found = RepeatedMeasures(
        question.effect, matrix, tuple(np.minimum(seen, 1.0)), ratio=_ratio(study), t=True
    )
    shares = ", ".join(f"{share:.0%}" for share in seen)
    deviations = ", ".join(f"{value:.2f}" for value in np.sqrt(np.diag(matrix)))
    note = (
        f"Covariance and drop-out are those of {asked} virtual participants, simulated with seed"
        f" {question.seed}: standard deviations {deviations}, and {shares} counted, at {', '.join(visits)}."
    )
    return found, note


def asked_for(datasets: Datasets, analysis: PlannedAnalysis) -> int:
    """For how many of those randomised an endpoint is planned: nobody else can be lost to it."""
    rows = datasets.by_arm("endpoints").filter(pl.col("PARAMCD") == analysis.endpoint)
    return rows["USUBJID"].n_unique()
