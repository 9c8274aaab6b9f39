"""Rows that compare two arms: raw means, every analysis of the plan, and the standardised difference.

Each is the first arm minus the second, and names the visit; where a section has several endpoints, these too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from entact.analysis import mean_difference, standardised_difference
from entact.analysis.analyse import Analysed
from entact.analysis.result import Estimate
from entact.analysis.words import METHODS
from entact.datasets import PlannedAnalysis, PlannedEndpoint
from entact.report import cell as cells
from entact.report.cell import Cell
from entact.report.published import ALL, Effect
from entact.report.row import GROUP, Row, Source, observed, visit_title

_HOW = {
    "mmrm": "by mixed model",
    "ancova": "by ANCOVA",
    "proportion": "difference of shares, 95 % CI",
}
_GUESSES = {
    "by_guess": "by what",
    "guess_curve": "by how often rightly",
    "expectancy": "belief that would make it up, by what",
    "mediation": "in parts, by what",
}


def effects(source: Source, section: str, endpoint: PlannedEndpoint, *, alone: bool) -> Iterator[Row]:
    """The rows of what the plan asks of an endpoint that is a number; `alone`: no other in the section."""
    about = "" if alone else f"{endpoint.title}: "
    yield from _within(source, section, endpoint, about)
    if _pair(source, endpoint) is None:
        return
    yield _of_means(source, section, endpoint, about)
    yield from _of_plan(source, section, endpoint, about)
    yield _of_d(source, section, endpoint, about)


def plan_effects(source: Source, section: str, endpoint: PlannedEndpoint) -> Iterator[Row]:
    """The rows of what the plan asks of a yes-or-no endpoint, or of a time."""
    yield from _within(source, section, endpoint, f"{endpoint.title}: ")
    if source.datasets.unblinded:
        yield from _of_plan(source, section, endpoint, f"{endpoint.title}: ")


def tested_together(source: Source) -> Iterator[Row]:
    """A row for each analysis that the plan tests with others: its p adjusted, and whether it is rejected."""
    if not source.datasets.unblinded:
        return
    together = source.analyses.together
    if together is None:
        return
    section = f"Tested together: {together.method}, alpha {together.alpha:g}"
    by_name = {one.name: one for one in source.book.analyses}
    for place, (name, adjusted) in enumerate(together.adjusted.items(), start=1):
        planned, p = by_name[name], source.analyses[name].p
        title = source.book.endpoints[planned.endpoint].title
        label = f"{place}. {title}, {_versus(planned.contrast)}" if planned.contrast else f"{place}. {title}"
        label += f" at {visit_title(source, planned.at)}"
        verdict = "rejected" if name in together.rejected else "not rejected"
        text = f"adjusted p {_p(adjusted)}, {verdict}"
        remark = "not tested: it counts as a p of 1"
        result = source.analyses[name].result
        if p is not None and result is not None and result[0].estimate is not None:
            remark = f"{cells.of_estimate(result[0], source.kind).full}, p {_p(p)}"
        cell = Cell(text, source.kind, {"p": p, "adjusted": adjusted})
        yield Row(f"together/{name}", section, label, {ALL: cell}, remark=remark)


def _p(p: float) -> str:
    return cells.probability(p) if p < 0.0005 else f"= {cells.probability(p)}"


def _of_means(source: Source, section: str, endpoint: PlannedEndpoint, about: str) -> Row:
    one, two = _values(source, endpoint)
    said = source.published.effects.get(endpoint.name)
    printed = _printed(said.difference if said is not None else None, 1)
    label = (
        f"{about}{_versus(_pair(source, endpoint))} at {visit_title(source, endpoint.at)}, raw means, 95 % CI"
    )
    name = f"effect/{endpoint.name}/difference"
    try:
        cell = cells.of_difference(mean_difference(one, two), source.kind)
    except ValueError as problem:
        return _without(source, name, section, label, str(problem), printed)
    return Row(name, section, label, {ALL: cell}, printed)


def _of_d(source: Source, section: str, endpoint: PlannedEndpoint, about: str) -> Row:
    one, two = _values(source, endpoint)
    said = source.published.effects.get(endpoint.name)
    printed = _printed(said.d if said is not None else None, 2)
    label = f"{about}Cohen's d at {visit_title(source, endpoint.at)} ({_versus(_pair(source, endpoint))})"
    name = f"effect/{endpoint.name}/d"
    try:
        cell = cells.of_standardised(standardised_difference(one, two), source.kind)
    except ValueError:
        cell = Cell(cells.NOTHING, source.kind)  # why not is said of the difference of means
    return Row(name, section, label, {ALL: cell}, printed)


def _of_plan(source: Source, section: str, endpoint: PlannedEndpoint, about: str) -> Iterator[Row]:
    """A row for each analysis of the plan that compares arms: its effect, or why there is none."""
    said = source.published.effects.get(endpoint.name)
    printed = _printed(said.model if said is not None else None, 1)
    planned = [
        one for one in source.book.analyses if one.endpoint == endpoint.name and METHODS[one.method].compares
    ]
    for place, analysis in enumerate(planned):
        word, contrast = METHODS[analysis.method], analysis.contrast
        assert contrast is not None, "the check of the study file says so"
        label = f"{about}{_versus(contrast)} at {visit_title(source, analysis.at)}, "
        label += _how(analysis)
        if len({(one.estimand, one.set) for one in planned}) > 1:
            label += f", {analysis.estimand.replace('_', ' ')}"
        name = _id(source, analysis, "share" if word.outcome == "yes_no" else "model")
        theirs = printed if place == 0 else {}
        found = source.analyses[analysis.name]
        if found.result is None or all(one.estimate is None for one in found.result):
            why = found.why or "; ".join(found.result[0].notes if found.result else ())
            why = _titled(source, why) if analysis.method in _GUESSES else why
            yield _without(source, name, section, label, f"the {word.title} of the plan: {why}", theirs)
            continue
        several = list(found.result) if not word.tests else [found.result[0]]
        if analysis.method == "tipping_point" and _alike(several):
            several = several[-1:]  # a line for each delta would say the same
            label += ", whatever is added: nobody is imputed to whom it could be"
        for number, one in enumerate(several):
            own = name if not number else f"{name}/{number}"
            which = label if len(several) == 1 else f"{label}: {_titled(source, _which(one, contrast))}"
            if one.estimate is None and one.p is None:
                yield _without(source, own, section, which, "; ".join(one.notes))
                continue
            cell = _cell(source, one)
            yield Row(own, section, which, {ALL: cell}, {} if number else theirs, remark=_remark(found, one))
    if not planned and printed:
        label = f"{about}{_versus(_pair(source, endpoint))} at {visit_title(source, endpoint.at)}, by model"
        yield Row(f"effect/{endpoint.name}/model", section, label, {}, printed)


def _cell(source: Source, one: Estimate) -> Cell:
    """An estimate, or the p of a test that has none, as one of an interaction."""
    if one.estimate is None and one.p is not None:
        return Cell(f"p {_p(one.p)}", source.kind, {"p": one.p})
    return cells.of_estimate(one, source.kind)


def _how(analysis: PlannedAnalysis) -> str:
    """By which method, as a label says it."""
    if analysis.method in _GUESSES:
        return f"{_GUESSES[analysis.method]} the {analysis.guesser or 'person'} guessed"
    return _HOW.get(analysis.method, f"by {METHODS[analysis.method].title}")


def _within(source: Source, section: str, endpoint: PlannedEndpoint, about: str) -> Iterator[Row]:
    """A row for each estimate of the plan that compares no arms, other than what every table describes."""
    if source.book.randomised and not source.datasets.unblinded:
        return
    for analysis in source.book.analyses:
        word = METHODS[analysis.method]
        if analysis.endpoint != endpoint.name or word.compares or analysis.method == "describe":
            continue
        found, name = source.analyses[analysis.name], f"within/{endpoint.name}/{analysis.name}"
        label = f"{about}{word.title} at {visit_title(source, analysis.at)}"
        if found.result is None:
            yield _without(source, name, section, label, f"the {word.title} of the plan: {found.why}")
            continue
        several = list(found.result)
        for number, one in enumerate(several):
            own = name if not number else f"{name}/{number}"
            which = label if len(several) == 1 else f"{label}, {one.label or one.measure}"
            if one.estimate is None:
                yield _without(source, own, section, which, "; ".join(one.notes))
                continue
            cell = cells.of_estimate(one, source.kind)
            yield Row(own, section, which, {ALL: cell}, remark=_remark(found, one))


def _titled(source: Source, text: str) -> str:
    """A text about guesses with the titles of arms in it, from a library that knows their names alone."""
    arms = source.book.arms
    names = "|".join(re.escape(name) for name in sorted(arms, key=len, reverse=True))
    text = re.sub(rf"(?<![\w-])(?:{names})(?![\w-])", lambda found: arms[found[0]], text) if names else text
    return text.replace("who guessed do_not_know", "who did not know")


def _alike(several: Sequence[Estimate]) -> bool:
    """Whether estimates do not differ in anything but their name."""
    return len(several) > 1 and len({(one.estimate, one.low, one.high, one.p) for one in several}) == 1


def _which(one: Estimate, contrast: tuple[str, str]) -> str:
    """Which of several estimates of an analysis it is, without the arms that the row names already."""
    return one.label.removeprefix(f"{contrast[0]} - {contrast[1]}").lstrip(", ") or one.measure


def _remark(found: Analysed, first: Estimate) -> str:
    """How an effect was found, of whom, and what was done with intercurrent events."""
    people = sum(found.entered.participants.values())
    if found.result is not None and len(found.result) > 1 and len(first.groups) > 1:
        people = sum(group.n for group in first.groups)  # of a subgroup its own
    said = [first.method, f"{people} participants"]
    if first.p is not None:
        said.append(f"p {_p(first.p)}")
    if found.adjusted is not None:
        said.append(f"adjusted p {_p(found.adjusted)}")
    if found.standing != "not committed":
        said.append(found.standing)
    return "; ".join([*said, *map(str, found.entered.events)])


def _id(source: Source, analysis: PlannedAnalysis, kind: str) -> str:
    """`effect/<endpoint>/model`, and for further analyses of the endpoint their own name behind it."""
    own = [one.name for one in source.book.analyses if one.endpoint == analysis.endpoint]
    further = "" if own[0] == analysis.name else f"/{analysis.name}"
    return f"effect/{analysis.endpoint}/{kind}{further}"


def _without(
    source: Source, name: str, section: str, label: str, why: str, printed: Mapping[str, Cell] | None = None
) -> Row:
    return Row(name, section, label, {ALL: Cell(cells.NOTHING, source.kind)}, printed or {}, remark=why)


def _values(source: Source, endpoint: PlannedEndpoint) -> tuple[pl.Series, pl.Series]:
    here = observed(source, endpoint, endpoint.at)
    first, second = (here.filter(pl.col(GROUP) == arm)["AVAL"] for arm in _pair(source, endpoint) or ("", ""))
    return first, second


def _pair(source: Source, endpoint: PlannedEndpoint) -> tuple[str, str] | None:
    """The arms that the plan compares in an endpoint, else those of the primary analysis; once unblinded."""
    if not source.datasets.unblinded:
        return None
    own = (one.contrast for one in source.book.analyses if one.endpoint == endpoint.name)
    arms = (one for one in own if one is not None and set(one) <= source.arms.keys())
    return next(arms, source.pair)


def _versus(arms: tuple[str, str] | None) -> str:
    assert arms is not None
    return f"{arms[0]} − {arms[1]}"


def _printed(effect: Effect | None, places: int) -> dict[str, Cell]:
    return {} if effect is None else {ALL: cells.published_effect(effect, places)}
