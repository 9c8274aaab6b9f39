"""Whether the arms are there, each with a share, and drawn by what is known before the draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.rules import forms_at
from entact.protocol.study import Randomisation, StudyFile, Visit
from entact.protocol.timetable import EVENTS


def check_randomisation(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """What is wrong with the arms, and with how people come into them."""
    yield from _factors(file)
    plan = file.randomisation
    if plan is None:
        return
    for arm, share in plan.ratio.items():
        if arm not in file.arms:
            yield Fault(("randomisation", "ratio", arm), unknown("arm", arm, file.arms), at_key=True)
        elif share < 1:
            yield Fault(("randomisation", "ratio", arm), f"{share} is no share; write a whole number from 1")
    for arm in file.arms:
        if arm not in plan.ratio:
            yield Fault(("randomisation", "ratio"), f"the arm {arm!r} has no share; write '{arm}: 1'")
    yield from _strata(file, plan, visits)
    yield from _minimise(plan)
    names = {visit.visit for visit in file.schedule}
    if plan.at not in EVENTS and plan.at not in names:
        yield Fault(("randomisation", "at"), unknown("visit or event", plan.at, {*EVENTS, *names}))


def _minimise(plan: Randomisation) -> Iterator[Fault]:
    """Whether minimisation says how it weighs, by a chance, and of strata that there are."""
    said, path = plan.minimise, ("randomisation", "minimise")
    if plan.method != "minimisation":
        if said is not None:
            yield Fault(path, f"is said by minimisation; the method is {plan.method!r}")
        return
    if not plan.strata:
        yield Fault(("randomisation", "strata"), "minimisation balances strata; name at least one")
    if plan.unit is not None:
        yield Fault(
            ("randomisation", "unit"), "minimisation draws for each person alone; take one of the two out"
        )
    if said is None:
        message = "minimisation says how it weighs; write 'minimise: {chance: 0.8}'"
        yield Fault(("randomisation", "method"), message)
        return
    largest = max(plan.ratio.values(), default=1) / max(sum(plan.ratio.values()), 1)
    if not largest < said.chance < 1:
        message = (
            f"{said.chance:g} is no chance of it: write more than {largest:.2g}, the share of the largest "
            "arm, and less than 1, or whoever knows the arms before could reckon the next"
        )
        yield Fault((*path, "chance"), message)
    for name, weight in said.weights.items():
        if name not in plan.strata:
            yield Fault((*path, "weights", name), unknown("stratum", name, plan.strata), at_key=True)
        elif weight < 1:
            yield Fault((*path, "weights", name), f"{weight} is no weight; write a whole number from 1")


def _factors(file: StudyFile) -> Iterator[Fault]:
    """Whether the arms of a factorial design are each combination of levels once."""
    named = {name: arm.factors for name, arm in file.arms.items() if arm.factors}
    if not named:
        return
    factors = set().union(*named.values())
    levels = {factor: {said[factor] for said in named.values() if factor in said} for factor in factors}
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for name, arm in file.arms.items():
        path: Path = ("arms", name, "factors")
        if missing := sorted(factors - arm.factors.keys()):
            yield Fault(path, f"says no level of {', '.join(missing)}; each arm says one of each factor")
            continue
        first = seen.setdefault(tuple(sorted(arm.factors.items())), name)
        if first != name:
            yield Fault(path, f"are those of {first} too; each combination of levels is one arm")
    for factor, known in sorted(levels.items()):
        if len(known) < 2:
            first = next(name for name, said in named.items() if factor in said)
            message = f"{factor} has one level alone, {next(iter(known))}; add an arm with another"
            yield Fault(("arms", first, "factors", factor), message)
    combinations = prod(map(len, levels.values()))
    if len(seen) < combinations and all(len(arm.factors) == len(factors) for arm in file.arms.values()):
        message = f"{len(seen)} of {combinations} combinations of levels have an arm; add the others"
        yield Fault(("arms",), message)


def _strata(file: StudyFile, plan: Randomisation, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    items = {f"{name}.{item}": said for name, form in file.forms.items() for item, said in form.items.items()}
    recorded: set[str] = set()  # at a visit up to that of the randomisation
    for visit in visits.values():
        recorded |= {*forms_at(visit, file.forms)}
        if "randomisation" in visit.activities:
            break
    for place, stratum in enumerate(plan.strata):
        path: Path = ("randomisation", "strata", place)
        if stratum == "site":
            continue
        if stratum not in items:
            yield Fault(path, unknown("stratum", stratum, {"site", *items}))
        elif items[stratum].type not in ("choice", "boolean"):
            message = (
                f"has the type {items[stratum].type}, and a stratum is one of a few codes; name a choice"
            )
            yield Fault(path, message)
        elif stratum.split(".")[0] not in recorded:
            form = stratum.split(".")[0]
            message = (
                f"nobody records it before randomisation; add {form!r} to the `do:` of a visit up to then"
            )
            yield Fault(path, message)
