"""Whether analyses that are tested together can be: their names, procedure, graph, and the looks before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from entact.protocol.methods import method_words
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import Analysis, AnalysisPlan, Multiplicity

PROCEDURES: Final = ("fixed_sequence", "holm", "hochberg", "hommel", "graphical")
_AT_LOOKS: Final = ("fixed_sequence", "holm", "graphical")
_SEQUENCES: Final = ("hierarchical", "hierarchy", "hierarchical_testing", "gatekeeping", "sequential")
_NEAR = 1e-9


def check_multiplicity(plan: AnalysisPlan) -> Iterator[Fault]:
    """What keeps the `multiplicity` block from keeping an error rate."""
    said = plan.multiplicity
    if said is None:
        return
    path: Path = ("analysis", "multiplicity")
    if said.procedure in _SEQUENCES:
        message = (
            f"there is no procedure {said.procedure!r}; 'fixed_sequence' tests each once the one before it "
            "is rejected, 'graphical' hands levels on as its graph says"
        )
        yield Fault((*path, "procedure"), message)
    elif said.procedure not in PROCEDURES:
        yield Fault((*path, "procedure"), unknown("procedure", said.procedure, PROCEDURES))
    yield from _of(plan, said, (*path, "of"))
    yield from _graph(said, path)
    yield from _looks(plan, said, path)


def _of(plan: AnalysisPlan, said: Multiplicity, path: Path) -> Iterator[Fault]:
    """Analyses that are none, stand twice, give no p, or ask another kind of question."""
    if len(said.of) < 2:
        yield Fault(path, "one analysis alone needs no procedure; name two or more, or take the block out")
    alpha = said.alpha or plan.primary.alpha
    known: list[Analysis] = []
    for place, name in enumerate(said.of):
        here: Path = (*path, place)
        one = plan.analyses.get(name)
        if one is None:
            yield Fault(here, unknown("analysis", name, plan.analyses))
            continue
        if name in said.of[:place]:
            yield Fault(here, f"{name!r} stands twice; take one out")
        known.append(one)
        word = method_words().get(one.method)
        if word is not None and (not word.tests or (one.method == "share" and one.null is None)):
            yield Fault(here, f"{name!r} is {one.method!r}, which gives no one p; take it out")
        elif one.alpha != alpha:
            message = f"{name!r} is tested at {one.alpha:g}, and all together at {alpha:g}; write the same"
            yield Fault(here, message)
        elif (one.side or "two_sided") != (known[0].side or "two_sided"):
            yield Fault(here, f"{name!r} is tested on another side than {said.of[0]!r}; write one for all")


def _graph(said: Multiplicity, path: Path) -> Iterator[Fault]:
    """Weights and shares that make no graph, or belong to none."""
    weights, hand_on = said.weights, said.hand_on
    if said.procedure != "graphical":
        for key, own in (("weights", weights), ("hand_on", hand_on)):
            if own is not None and said.procedure in PROCEDURES:
                yield Fault((*path, key), "belongs to 'procedure: graphical'; take it out")
        return
    if not weights:
        first = said.of[0] if said.of else "primary"
        yield Fault(path, f"graphical needs 'weights'; write them, as in {{{first}: 1}}")
        return
    yield from _shares(weights, said.of, (*path, "weights"))
    for name, own in (hand_on or {}).items():
        here: Path = (*path, "hand_on", name)
        if name not in said.of:
            yield Fault(here, unknown("analysis of the graph", name, said.of))
        if name in own:
            yield Fault((*here, name), "hands its share to itself; name another", at_key=True)
        yield from _shares(own, said.of, here)


def _shares(own: dict[str, float], of: list[str], path: Path) -> Iterator[Fault]:
    for name, share in own.items():
        if name not in of:
            yield Fault((*path, name), unknown("analysis of the graph", name, of), at_key=True)
        if not 0 <= share <= 1:
            yield Fault((*path, name), f"{share:g} is no share: it lies from 0 to 1")
    if sum(own.values()) > 1 + _NEAR:
        yield Fault(path, f"these are {sum(own.values()):g} together, and at most 1 can be given")


def _looks(plan: AnalysisPlan, said: Multiplicity, path: Path) -> Iterator[Fault]:
    """A procedure that is not known to hold with looks before the end."""
    if plan.interim is None:
        return
    if said.procedure in PROCEDURES and said.procedure not in _AT_LOOKS:
        message = f"{said.procedure} is not known to hold with looks before the end; write holm or graphical"
        yield Fault((*path, "procedure"), message)
    if plan.interim.binding:
        message = "levels are handed on without binding futility; write 'binding: false' in `interim`"
        yield Fault(path, message)
    if plan.interim.spending is not None and plan.interim.spending.name == "haybittle_peto":
        message = (
            "haybittle_peto spends the same whatever the level is; write another, as in 'obrien_fleming'"
        )
        yield Fault(("analysis", "interim", "spending"), message)
