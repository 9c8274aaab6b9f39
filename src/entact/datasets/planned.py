"""The analyses of the plan as plain data: what each compares, and what it takes beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from entact.protocol.contrast import Contrast, read_contrast
from entact.protocol.methods import method_words
from entact.protocol.plan_data import GUESSERS
from entact.protocol.release import Release
from entact.protocol.study import Analysis, StudyFile


@dataclass(frozen=True, slots=True)
class PlannedAnalysis:
    """One analysis of the plan, in its words.

    Attributes:
        name: `primary`, or that of a secondary one. contrast: the arms compared; at: the visit for which.
        columns: that it names beside its fixed effects. guesser: whose guess of the treatment it takes.
        beside: other endpoints whose values at the same visit it takes. competing: the time until another
            event, which can come first.
    """

    name: str
    endpoint: str
    estimand: str
    set: str
    method: str
    at: str
    contrast: tuple[str, str] | None = None
    fixed: str = ""
    covariance: str | list[str] = "unstructured"
    df: str = "kenward_roger"
    pool_sites_below: int | None = None
    alpha: float = 0.05
    columns: tuple[str, ...] = ()
    guesser: str | None = None
    beside: tuple[str, ...] = ()
    competing: str | None = None


def planned_analyses(release: Release) -> Iterator[PlannedAnalysis]:
    """Each analysis of the plan."""
    plan = release.file.analysis
    for name, said in plan.analyses.items():
        at = release.endpoints[said.endpoint].endpoint.at
        contrast = contrast_of(release.file, said)
        yield PlannedAnalysis(
            name=name,
            endpoint=said.endpoint,
            estimand=said.estimand,
            set=said.set,
            method=said.method,
            at=contrast.at if contrast is not None else at,
            contrast=None if contrast is None else contrast.pair,
            fixed=said.fixed or "",
            covariance=said.covariance or "unstructured",
            df=said.df or "kenward_roger",
            pool_sites_below=said.pool_sites_below,
            alpha=said.alpha,
            columns=tuple(_columns(said)),
            guesser=said.guess if said.guess in GUESSERS else None,
            beside=tuple(_beside(said)),
            competing=said.competing,
        )


def _beside(said: Analysis) -> Iterator[str]:
    """The other endpoints that an analysis takes."""
    for key, takes in method_words()[said.method].takes.items():
        value = getattr(said, key)
        if takes == "measure" and value is not None:
            yield value


def _columns(said: Analysis) -> Iterator[str]:
    """The columns that an analysis names beside its fixed effects."""
    for key, takes in method_words()[said.method].takes.items():
        value = getattr(said, key, None)
        if takes in ("column", "columns") and value is not None and value not in GUESSERS:
            yield from [value] if isinstance(value, str) else value


def contrast_of(file: StudyFile, analysis: Analysis) -> Contrast | None:
    """What an analysis compares; None where it says no contrast."""
    return None if analysis.contrast is None else read_contrast(analysis.contrast, file.arms)
