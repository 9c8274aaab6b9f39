"""What a plan may say of analyses that are tested together, and the family that it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from entact.analysis.estimand_words import Path, is_number, mapping, unknown
from entact.analysis.family import Family
from entact.analysis.planned import Planned
from entact.analysis.words import METHODS

if TYPE_CHECKING:
    from entact.analysis.sequential import GroupSequential

_KEYS: Final = ("procedure", "of", "alpha", "weights", "hand_on", "information", "spending")
_OVER_LOOKS: Final = ("fixed_sequence", "holm", "graphical")
_PROCEDURES: Final = ("fixed_sequence", "holm", "hochberg", "hommel", "graphical")
Faults = list[tuple[Path, str]]


def read_family(said: Any, planned: Mapping[str, Planned], faults: Faults) -> Family | None:
    """The family of a plan's `multiplicity` block; None where there is none, or it is at fault.

    Args:
        planned: the plan's analyses by their ids.
    """
    if said is None:
        return None
    path: Path = ("multiplicity",)
    own, before = mapping(said, path, faults), len(faults)
    for key in own:
        if key not in _KEYS:
            faults.append(((*path, key), unknown("key of multiplicity", str(key), _KEYS)))
    procedure = str(own.get("procedure", ""))
    if procedure not in _PROCEDURES:
        faults.append(((*path, "procedure"), unknown("procedure", procedure, _PROCEDURES)))
    names = own.get("of")
    if not isinstance(names, list | tuple) or len(names) < 2:
        faults.append(
            ((*path, "of"), f"{names!r} is no list of two or more analyses, as in [primary, durable]")
        )
        return None
    of = tuple(str(name) for name in names)
    for place, name in enumerate(of):
        if name not in planned:
            faults.append(((*path, "of", place), unknown("analysis", name, planned)))
        elif name in of[:place]:
            faults.append(((*path, "of", place), f"{name!r} stands twice"))
        elif not METHODS[str(planned[name].said["method"])].tests:
            faults.append(((*path, "of", place), f"{name!r} is by a method that gives no one p; take it out"))
    alpha = own.get("alpha", 0.05)
    if not is_number(alpha) or not 0 < alpha < 1:
        faults.append(((*path, "alpha"), f"{alpha!r} does not lie between 0 and 1"))
    for key in ("weights", "hand_on"):
        if key in own and procedure != "graphical":
            faults.append(((*path, key), "belongs to `procedure: graphical`; take it out"))
    looks = _looks(own, procedure, alpha, faults) if len(faults) == before else None
    if len(faults) > before:
        return None
    graph = None
    if procedure == "graphical":
        from entact.analysis.multiplicity import Graph

        weights = mapping(own.get("weights", {}), (*path, "weights"), faults)
        hand_on = mapping(own.get("hand_on", {}), (*path, "hand_on"), faults)
        if stray := [name for name in (*weights, *hand_on) if name not in of]:
            faults.append(((*path, "weights"), unknown("analysis of the graph", str(stray[0]), of)))
            return None
        try:
            graph = Graph({name: float(weights.get(name, 0.0)) for name in of}, hand_on)
        except (ValueError, TypeError, AttributeError) as problem:
            faults.append(((*path, "weights"), str(problem)))
            return None
    sides = {planned[name].question.side == "two_sided" for name in of}
    if len(sides) > 1:
        faults.append(
            ((*path, "of"), "some are tested on one side and some on two; write one `side` for all")
        )
        return None
    return Family(procedure, of, float(alpha), graph, looks, two_sided=sides == {True})


def spending_of(name: str, parameter: float | None = None) -> Any:
    """The function or boundary of a way to spend an error rate over looks.

    Raises:
        ValueError: for a name that is none, or a parameter that it lacks or does not take.
    """
    from entact.analysis import sequential

    known: dict[str, Any] = {
        "obrien_fleming": sequential.LanDeMetsOBrienFleming,
        "pocock": sequential.LanDeMetsPocock,
        "hwang_shih_decani": sequential.HwangShihDeCani,
        "kim_demets": sequential.KimDeMets,
        "obrien_fleming_boundary": sequential.OBrienFleming,
        "pocock_boundary": sequential.Pocock,
        "wang_tsiatis": sequential.WangTsiatis,
        "haybittle_peto": sequential.HaybittlePeto,
    }
    if name not in known:
        raise ValueError(unknown("way to spend", name, known))
    try:
        return known[name]() if parameter is None else known[name](parameter)
    except TypeError:
        what = "has a parameter; write it as in {kim_demets: 3}" if parameter is None else "has no parameter"
        raise ValueError(f"{name} {what}") from None


def _looks(own: Mapping[str, Any], procedure: str, alpha: float, faults: Faults) -> GroupSequential | None:
    """The design of the looks before the end, where a plan says at which shares of information they are."""
    path: Path = ("multiplicity",)
    if "information" not in own:
        if "spending" in own:
            faults.append(((*path, "spending"), "is spent over looks; write 'information: 0.5' too"))
        return None
    from entact.analysis.sequential import GroupSequential

    said, spent = own["information"], own.get("spending")
    shares = list(said) if isinstance(said, list | tuple) else [said]
    risen = all(is_number(one) and 0 < one < 1 for one in shares) and shares == sorted(set(shares))
    if not risen or not shares:
        faults.append(
            (
                (*path, "information"),
                f"{said!r} are no shares that rise between 0 and 1; those of the looks before the last",
            )
        )
    if procedure not in _OVER_LOOKS:
        message = f"with looks write one of: {', '.join(_OVER_LOOKS)}; {procedure} is not known to hold then"
        faults.append(((*path, "procedure"), message))
    named = spent if isinstance(spent, Mapping) else {spent: None}
    name, parameter = next(iter(named.items())) if len(named) == 1 else (None, None)
    if not isinstance(name, str):
        faults.append(((*path, "spending"), f"{spent!r} is no way to spend; write 'obrien_fleming'"))
        return None
    if faults:
        return None
    try:
        rule = spending_of(name, None if parameter is None else float(parameter))
        return GroupSequential(information=(*shares, 1.0), alpha=alpha / 2, sided=1, spending=rule)
    except (ValueError, TypeError) as problem:
        faults.append(((*path, "spending"), str(problem)))
        return None
