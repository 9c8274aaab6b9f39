"""Whether people who are randomised as one can be: couples, families, groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from entact.protocol.populations import of_population
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import Analysis, StudyFile, Visit

_PATH: Path = ("randomisation", "unit")


def first_of_unit(file: StudyFile) -> str | None:
    """The population whose people take the row of their unit, to whom the others are linked; or None."""
    unit = file.randomisation.unit if file.randomisation is not None else None
    if unit is None:
        return None
    alone = [name for name in unit.populations if file.populations[name].linked_to not in unit.populations]
    return alone[0]


def check_unit(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """What keeps a unit from being randomised as one."""
    unit = file.randomisation.unit if file.randomisation is not None else None
    if unit is None:
        return
    for name in unit.populations:
        if name not in file.populations:
            place = unit.of.find(name)
            yield Fault((*_PATH, "of"), unknown("population", name, file.populations), place)
            return
    linked = {name: file.populations[name].linked_to for name in unit.populations}
    alone = [name for name, other in linked.items() if other not in unit.populations]
    if len(set(unit.populations)) < 2:
        message = (
            "names one population; write the one whose people come first and those `linked_to:` it, as in "
        )
        message += "'patient and partner'"
        yield Fault((*_PATH, "of"), message)
        return
    if len(alone) != 1 or any(other != alone[0] for name, other in linked.items() if name != alone[0]):
        message = f"who belongs to whom is not said: of {', '.join(linked)} all but one are `linked_to:` it"
        yield Fault((*_PATH, "of"), message)
        return
    planned = file.populations[alone[0]].planned
    others = sum(file.populations[name].planned for name in linked if name != alone[0])
    if others < planned * (unit.size[0] - 1):
        message = (
            f"{planned} units of at least {unit.size[0]} take {planned * (unit.size[0] - 1)} beside the "
            f"{alone[0]}s, and {others} are planned; change `planned:` or the size"
        )
        yield Fault((*_PATH, "size"), message)
    for name in linked:
        own = [visit for visit in visits.values() if of_population(visit, name) and visit.track is None]
        drawn = next((visit for visit in own if "randomisation" in visit.do), None)
        if drawn is None:
            message = (
                f"no visit of {name} does 'randomisation', which gives them the arm of their unit; add it"
            )
            yield Fault((*_PATH, "of"), message, unit.of.find(name))
        elif "enrolment" in drawn.do:
            message = (
                f"{name} is enrolled and randomised at {drawn.visit}, before it is known whether the others "
                "are eligible; put 'randomisation' at a visit of its own behind that, to which all come"
            )
            yield Fault((*_PATH, "of"), message, unit.of.find(name))
    for path, analysis in _analyses(file):
        if analysis.method == "rerandomisation":
            message = (
                "draws the arm of each person anew, and this study draws that of a unit; take "
                "`random_effects` with `random: [unit]`"
            )
            yield Fault((*path, "method"), message)


def advise_unit(file: StudyFile) -> Iterator[Fault]:
    """A warning for each comparison that takes those of one unit as if alone."""
    if file.randomisation is None or file.randomisation.unit is None:
        return
    for path, analysis in _analyses(file):
        rule = file.analysis.sets[analysis.set].rule if analysis.set in file.analysis.sets else None
        of_unit = "unit" in ([analysis.random] if isinstance(analysis.random, str) else analysis.random or [])
        if analysis.contrast is None or of_unit or "person.population" in (rule or ""):
            continue
        message = (
            "takes everybody as drawn alone, and its interval is too narrow; write `method: random_effects` "
            "and `random: [unit]`, or a set of one population, as in `rule: person.population == "
            f"'{file.randomisation.unit.populations[0]}'`"
        )
        yield Fault((*path, "method"), message)


def _analyses(file: StudyFile) -> Iterator[tuple[Path, Analysis]]:
    yield ("analysis", "primary"), file.analysis.primary
    for name, analysis in file.analysis.secondary.items():
        yield ("analysis", "secondary", name), analysis
