"""Endpoints and estimands of a plan, as a document has them."""

from __future__ import annotations

from collections.abc import Mapping

from entact.exchange.usdm.model import Json
from entact.exchange.usdm.writer import RULE, Writer
from entact.protocol.release import Release


def objectives_of(new: Writer, release: Release) -> list[Json]:
    """The endpoints of the plan; the file says no objective in words, and none is made up."""
    plan = release.file.analysis
    primary = {plan.primary.endpoint}
    secondary = {one.endpoint for one in plan.secondary.values()} - primary
    found = []
    for names, objective, level in (
        (primary, ("C85826", "Trial Primary Objective"), ("C94496", "Primary Endpoint")),
        (secondary, ("C85827", "Trial Secondary Objective"), ("C139173", "Secondary Endpoint")),
        (
            set(release.file.endpoints) - primary - secondary,
            ("C163559", "Trial Exploratory Objective"),
            ("C170559", "Exploratory Endpoint"),
        ),
    ):
        endpoints = [
            new.make(
                "Endpoint",
                name=name,
                label=str(said.title or name),
                text=f"{said.title or name.replace('_', ' ')}, at {said.at}",
                purpose=level[1],
                level=new.code(level),
                extensionAttributes=[new.kept(RULE, said.rule)],
            )
            for name, said in release.file.endpoints.items()
            if name in names
        ]
        if endpoints:
            titles = "; ".join(one["label"] for one in endpoints)
            found.append(
                new.make(
                    "Objective",
                    name=objective[1].split()[1].upper(),
                    label=objective[1],
                    text=f"To estimate: {titles}",
                    level=new.code(objective),
                    endpoints=endpoints,
                )
            )
    return found


def estimands_of(
    new: Writer,
    release: Release,
    populations: Mapping[str, Json],
    objectives: list[Json],
    interventions: list[Json],
) -> list[Json]:
    """Each estimand with the first analysis that is of it; the model needs an endpoint and a set."""
    plan = release.file.analysis
    endpoints = {end["name"]: end["id"] for one in objectives for end in one["endpoints"]}
    found = []
    for name, said in plan.estimands.items():
        of = next((one for one in plan.analyses.values() if one.estimand == name), None)
        if of is None or of.set not in populations or not interventions:
            continue
        events = [
            new.make(
                "IntercurrentEvent",
                name=event,
                label=str(plan.intercurrent[event].title),
                text=str(plan.intercurrent[event].title),
                strategy=strategy.replace("_", " "),
            )
            for event, strategy in said.strategies.items()
            if event in plan.intercurrent
        ]
        found.append(
            new.make(
                "Estimand",
                name=name,
                label=str(said.title),
                populationSummary=str(said.summary or said.title),
                analysisPopulationId=populations[of.set]["id"],
                interventionIds=[one["id"] for one in interventions],
                variableOfInterestId=endpoints[of.endpoint],
                intercurrentEvents=events,
            )
        )
    return found
