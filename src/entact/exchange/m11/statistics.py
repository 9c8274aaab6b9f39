"""Sections 3 and 10: objectives, estimands, and how they are analysed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from entact.exchange.m11.text import Block, Line, Words, lines, table
from entact.protocol.release import Release
from entact.protocol.study import Analysis, Estimand
from entact.protocol.words import Passage
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.passage import listed
from entact.protocol.words.plan import Plan

LEVELS: Final = ("primary", "secondary", "exploratory")
_NO_OBJECTIVE: Final = "The study file states endpoints, and no objective in words."


def levels_of(release: Release) -> dict[str, str]:
    """Each endpoint of the study file -> its level, by the analyses of the plan."""
    plan = release.file.analysis
    secondary = {one.endpoint for one in plan.secondary.values()}
    return {
        name: "primary"
        if name == plan.primary.endpoint
        else "secondary"
        if name in secondary
        else "exploratory"
        for name in release.file.endpoints
    }


def objective_rows(release: Release, of: Collection[str]) -> Iterator[Block]:
    """A table of endpoints with their level and the estimands of their analyses."""
    file, rows = release.file, []
    for name, level in levels_of(release).items():
        if level in of:
            estimands = dict.fromkeys(
                _estimand(release, one.estimand)
                for one in file.analysis.analyses.values()
                if one.endpoint == name
            )
            rows.append((level, _endpoint(release, name), "; ".join(estimands)))
    rows.sort(key=lambda row: LEVELS.index(row[0]))
    yield from table(("Level", "Endpoint", "Estimand"), rows)


def statistics_sections(release: Release) -> dict[str, Iterable[Block]]:
    """Sections 3 and 10."""
    file, plan = release.file, release.file.analysis
    told = list(Plan(release).plan())
    levels = levels_of(release)
    primary = {"primary": plan.primary}
    others: dict[str, Analysis] = {}
    same: dict[str, Analysis] = {}
    for name, one in plan.secondary.items():
        (same if one.endpoint == plan.primary.endpoint else others)[name] = one
    sensitivity = {name: one for name, one in same.items() if one.estimand == plan.primary.estimand}
    supplementary = {name: one for name, one in same.items() if name not in sensitivity}
    standards = [one for one in told if one.term == "Data standards"]
    alpha = Line("Significance level of the primary analysis", f"{plan.primary.alpha:g}")
    sections: dict[str, Iterable[Block]] = {
        "3.1": [Words(_NO_OBJECTIVE)],
        "3.1.1": _objectives(release, levels, "primary"),
        "3.2.1": _objectives(release, levels, "secondary"),
        "3.3.1": _objectives(release, levels, "exploratory"),
        "10.1": [alpha, *lines(standards)],
        "10.2": lines(one for one in told if one.term.startswith(("Set: ", "Counts for "))),
        "10.4.1.1": lines(_analyses(told, primary)),
        "10.4.1.2": _handling(release, told, primary.values()),
        "10.4.1.4": lines(_analyses(told, sensitivity)),
        "10.4.1.5": lines(_analyses(told, supplementary)),
        "10.5.1.1": lines(_analyses(told, others)),
        "10.5.1.2": _handling(release, told, others.values()),
        "10.9": lines(one for one in told if one.term.startswith("Interim look")),
        "10.10": lines(one for one in told if one.term == "Tested together"),
        "10.11": [
            Line(
                "Planned number of participants", str(sum(one.planned for one in file.populations.values()))
            ),
            Words("How it was determined is not stated in the study file."),
        ],
    }
    found = {number: list(blocks) for number, blocks in sections.items()}
    placed = {one for number, blocks in found.items() if number.startswith("10") for one in blocks}
    return {**found, "10.8": [one for one in lines(told) if one not in placed]}


def _objectives(release: Release, levels: dict[str, str], level: str) -> Iterator[Block]:
    """The endpoints of a level as the plan computes them, with the attributes of their estimands."""
    file = release.file
    named = dict(zip(file.endpoints, Plan(release).endpoints(), strict=True))
    for name, own in levels.items():
        if own != level:
            continue
        yield from lines([named[name]])
        estimands = dict.fromkeys(
            one.estimand for one in file.analysis.analyses.values() if one.endpoint == name
        )
        for estimand in estimands:
            said = file.analysis.estimands.get(estimand)
            if said is None:
                yield Line(
                    f"Estimand: {spaced(estimand)}", "Its attributes are not stated in the study file."
                )
            else:
                yield from table(("Attribute", str(said.title)), _attributes(release, said))


def _attributes(release: Release, said: Estimand) -> Iterator[tuple[str, str]]:
    """The five attributes of an estimand (ICH E9(R1))."""
    unsaid = "not stated in the study file"
    yield "Population", str(said.population or unsaid)
    yield "Treatment", str(said.treatment or unsaid)
    yield "Variable", str(said.variable or "the endpoint above")
    known = release.file.analysis.intercurrent
    for event, strategy in said.strategies.items():
        title = str(known[event].title) if event in known else spaced(event)
        yield f"Intercurrent event: {title}", f"{spaced(strategy)} strategy"
    yield "Population-level summary", str(said.summary or unsaid)


def _handling(release: Release, told: list[Passage], analyses: Iterable[Analysis]) -> Iterator[Line]:
    """The estimands of some analyses, and the intercurrent events that these name."""
    plan = release.file.analysis
    estimands = {
        one.estimand: plan.estimands[one.estimand] for one in analyses if one.estimand in plan.estimands
    }
    terms = {f"Estimand: {one.title or spaced(name)}" for name, one in estimands.items()}
    events = {event for one in estimands.values() for event in one.strategies if event in plan.intercurrent}
    terms |= {f"Intercurrent event: {plan.intercurrent[event].title}" for event in events}
    yield from lines(one for one in told if one.term in terms)


def _analyses(told: list[Passage], of: dict[str, Analysis]) -> Iterator[Passage]:
    terms = {"Primary analysis" if name == "primary" else f"Secondary: {spaced(name)}" for name in of}
    yield from (one for one in told if one.term in terms)


def _endpoint(release: Release, name: str) -> str:
    said = release.file.endpoints[name]
    return f"{said.title or begun(spaced(name))}, at {spaced(said.at)}"


def _estimand(release: Release, name: str) -> str:
    said = release.file.analysis.estimands.get(name)
    if said is None:
        return f"{spaced(name)}, its attributes not stated"
    ways = listed(dict.fromkeys(spaced(way) for way in said.strategies.values()))
    return f"{said.title} ({ways})" if ways else str(said.title)
