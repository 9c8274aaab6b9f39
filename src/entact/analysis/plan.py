"""What the plan of a study file says, as what can be run: its analyses, and its looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from entact.analysis.family_words import spending_of
from entact.analysis.planned import Plan
from entact.analysis.vocabulary import read_plan

if TYPE_CHECKING:
    from entact.analysis.sequential import GroupSequential
    from entact.protocol.study import SpendingRule, StudyFile
    from entact.protocol.study.analysis import AnalysisPlan


def design_of(plan: AnalysisPlan) -> GroupSequential:
    """The looks of a plan as a design that has bounds.

    A plan without futility is tested on two sides, as its alpha is; with futility on the side on which the
    treatment is better, at half of it. Where the plan names the `side` of its test, alpha is of that side.

    Raises:
        ValueError: when the plan's numbers make no design; the message says why.
    """
    from entact.analysis.sequential import GroupSequential, SpendingPoints

    alpha, interim = plan.primary.alpha, plan.interim
    sides = 2 if (plan.primary.side or "two_sided") == "two_sided" else 1
    if interim is None:
        return GroupSequential(information=(1.0,), alpha=alpha / sides, sided=sides)
    spent = interim.spends
    if spent is not None:
        alpha += sum(spent)
        shares = tuple(float(one) for one in np.cumsum(spent) / alpha)
        rule: Any = SpendingPoints(interim.looks, shares)
    else:
        assert interim.spending is not None, "the check of the study file says so"
        rule = _spending(interim.spending)
    if isinstance(interim.futility, tuple) or interim.futility is None:
        futility: Any = interim.futility
    else:
        futility = _spending(interim.futility)
    return GroupSequential(
        information=(*interim.looks, 1.0),
        alpha=alpha / sides,
        sided=sides if futility is None else 1,
        spending=rule,
        futility=futility,
        binding=interim.binding,
        beta=interim.beta,
    )


def plan_of(file: StudyFile, visits: Sequence[str]) -> Plan:
    """The plan of a study file, for frames as `entact.datasets.analysis_frames` makes them.

    Args:
        visits: of the study's schedule, in order.
    """
    from entact.protocol.plan_data import plan_data

    return read_study_plan(plan_data(file, list(visits)))


def plan_of_release(release: Any) -> Plan:
    """The plan of a release of a study, which holds its file and its visits.

    Raises:
        TypeError: for anything else; an `AnalysisPlan` alone does not say what its endpoints are.
    """
    from entact.protocol.release import Release
    from entact.protocol.study import StudyFile
    from entact.protocol.study.analysis import AnalysisPlan

    if isinstance(release, Release):
        return plan_of(release.file, list(release.visits))
    if isinstance(release, StudyFile | AnalysisPlan):
        raise TypeError(
            f"{type(release).__name__} does not say by itself what its endpoints and visits are; give the "
            "release of the study that holds it, as in load_study('mapp2').newest, or plan_of(file, visits)"
        )
    raise TypeError(
        f"a plan is a Plan, a release of a study or plain data as a plan file says it, not "
        f"{type(release).__name__}"
    )


def read_study_plan(data: Mapping[str, Any]) -> Plan:
    """The same of `entact.datasets.Codebook.plan`, which holds the plan as plain data."""
    plan = read_plan({key: value for key, value in data.items() if key not in ("relies", "looks")})
    analyses = tuple(replace(one, relies=data["relies"][one.id]) for one in plan.analyses)
    family = plan.family
    if family is not None and data.get("looks") is not None:
        family = replace(family, looks=_looks(data["looks"], family.alpha))
    return replace(plan, analyses=analyses, said=data, family=family)


def _looks(said: Mapping[str, Any], alpha: float) -> GroupSequential:
    """The design that every hypothesis of a family has: its looks, and how the level it gets is spent."""
    from entact.analysis.sequential import GroupSequential, SpendingPoints
    from entact.protocol.study import SpendingRule

    information = tuple(float(one) for one in said["information"])
    if said["spent"] is not None:
        shares = tuple(float(one) for one in np.cumsum(said["spent"]) / alpha)
        rule: Any = SpendingPoints(information, shares)
    else:
        rule = _spending(SpendingRule(**said["spending"]))
    return GroupSequential(information=(*information, 1.0), alpha=alpha / 2, sided=1, spending=rule)


def _spending(rule: SpendingRule) -> Any:
    """A rule of the study file as the function or the boundary that it names."""
    return spending_of(rule.name, rule.parameter)
