"""Values that are made of others: whether they can be known, and whether their range holds all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from entact.protocol.asking import known_elsewhere
from entact.protocol.extent import Extent, Extents, Numbers, extent_of, extents_in, extents_of_form
from entact.protocol.form import CompiledForm
from entact.protocol.problem import Fault, Path
from entact.protocol.study import Item, Over, StudyFile, Visit
from entact.protocol.tree import parse


def check_days(file: StudyFile) -> Iterator[Fault]:
    """Values over days that nobody can have, because the diary is not filled so often."""
    for name, form in file.forms.items():
        for item, said in form.items.items():
            over = said.over
            if over is None or over.least > over.days:
                continue
            diary = over.of.partition(".")[0]
            rows = [visit for visit in file.schedule if diary in visit.activities]
            most = min(over.days, sum(_most(visit, over.days) for visit in rows))
            if 0 < most < over.least:
                message = (
                    f"{over.least} days of {over.days} are needed, and visits fill {diary!r} on {most} at "
                    f"most: the value would never be known; write at most {most}"
                )
                yield Fault(("forms", name, "items", item, "over", "least"), message)


def _most(visit: Visit, days: int) -> int:
    """On how many of so many days in a row the visits of a row can fall at most."""
    if visit.then is None:
        return 1
    every, slack = (span.total_seconds() / 86400 for span in (visit.then.every, visit.then.slack))
    return min(visit.then.times + 1, math.floor((days - 1 + 2 * slack) / every) + 1) if every > 0 else days


def advise_ranges(forms: Mapping[str, CompiledForm]) -> Iterator[Fault]:
    """A warning for each calculated item whose range is narrower than what it is made of allows."""
    for name, form in forms.items():
        others = {one: extent for one, (_, extent) in known_elsewhere(name, forms).items()}
        yield from _made(form, others, ("forms", name))


def _made(form: CompiledForm, known: Extents, path: Path) -> Iterator[Fault]:
    known = {**known, **extents_of_form(form)}
    for name, said in form.items.items():
        place = (*path, "items", name)
        if said.over is not None:
            yield from _narrow(said, _of_days(said.over, known), (*place, "range"))
        elif (rule := form.rules.calculations.get(name)) is not None:
            made = extent_of(parse(rule.text), extents_in(rule.names, known))
            yield from _narrow(said, made, (*place, "range"))
    for name, row in form.rows.items():
        yield from _made(row, known, (*path, "items", name))


def _of_days(over: Over, known: Extents) -> Extent:
    """What a value over days can be."""
    one = known.get(over.of)
    match over.gives:
        case "share":
            return Numbers(0, 100)
        case "days":
            return Numbers(0, over.days, whole=True)
        case "sum" if isinstance(one, Numbers):
            return Numbers(min(one.low * over.least, one.low * over.days), one.high * over.days, one.whole)
        case _:
            return one if isinstance(one, Numbers) else Numbers()


def _narrow(item: Item, made: Extent, path: Path) -> Iterator[Fault]:
    if not isinstance(made, Numbers) or item.bounds is None:
        return
    low, high = map(float, item.bounds)
    slip = 1e-9 * max(1.0, abs(low), abs(high))
    if (made.low < low - slip and math.isfinite(made.low)) or (
        made.high > high + slip and math.isfinite(made.high)
    ):
        ends = f"{made.low:.6g} to {made.high:.6g}"
        message = (
            f"holds not all that the value can be by what it is made of, {ends}: beyond it the value is not "
            "known; widen the range, or narrow those of its parts"
        )
        yield Fault(path, message)
