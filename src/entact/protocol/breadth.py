"""Alerts that hold of nearly all that can be answered: they call for nearly everybody, and so for nobody.

Only a warning: of a pressure nobody has all that its range allows, and what people have a rehearsal tries.
Where the file says what is `expected`, that counts in place of the range. A quantity whose range reaches over
orders of magnitude, as of a liver value, is looked at by magnitude: hardly anybody has most of such a range.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Final

from entact.protocol.compiled import CompiledAlert
from entact.protocol.extent import Extent, Extents, Numbers, extent_of, extents_in
from entact.protocol.form import CompiledForm
from entact.protocol.problem import Fault
from entact.protocol.tree import Apply, Literal, Name, Node, parse

NEARLY_ALL: Final = 0.92  # any score above none on a scale from 0 to 10 is no slip of the pen
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERS: Final = 20  # times the lower end: a range over orders of magnitude
_PARTS: Final = 1000  # of a range that is not of whole numbers, or of more than these


def check_breadth(
    alerts: Mapping[str, CompiledAlert], known: Extents, forms: Mapping[str, CompiledForm]
) -> Iterator[Fault]:
    """A warning for each comparison that is enough to raise an alert and nearly always holds.

    Args:
        known: what each name can be (`extents_of`). forms: whose items say what is usual.
    """
    expected, wide = _expected(forms), _wide(forms)
    for name, alert in alerts.items():
        local = extents_in(alert.rule.names, {**known, **expected})
        for node in _each_enough(parse(alert.rule.text)):
            found = _share(node, local, wide)
            if found is None:
                continue
            said, extent, share, at = found
            is_usual = said in expected
            if NEARLY_ALL < share < 1.0 or (share == 1.0 and (is_usual or said in wide)):
                what = "usually is" if is_usual else "can be"
                message = (
                    f"holds of {share:.0%} of what {said} {what}, {extent.low:g} to {extent.high:g}, "
                    "so it calls for nearly everybody"
                )
                yield Fault(("alerts", name, "when"), message, at)


def nearly_always(rule: str, known: Extents) -> bool:
    """Whether a comparison that is enough for a rule to hold does so for nearly all that can be answered."""
    shares = (_share(node, known, frozenset()) for node in _each_enough(parse(rule)))
    return any(found is not None and found[2] > NEARLY_ALL for found in shares)


def _expected(forms: Mapping[str, CompiledForm]) -> dict[str, Extent]:
    """What is expected of each number of which the file says it."""
    return {
        f"{form.name}.{item}": Numbers(float(said.usual[0]), float(said.usual[1]), said.type == "integer")
        for form in forms.values()
        for item, said in form.items.items()
        if said.usual is not None and said.type in ("integer", "decimal")
    }


def _wide(forms: Mapping[str, CompiledForm]) -> frozenset[str]:
    """Quantities whose range reaches over orders of magnitude."""
    return frozenset(
        f"{form.name}.{item}"
        for form in forms.values()
        for item, said in form.items.items()
        if said.unit
        and said.bounds is not None
        and said.bounds[1] >= _ORDERS * max(said.bounds[0], Decimal(0))
    )


def _each_enough(node: Node) -> Iterator[Node]:
    """The parts of a rule of which any one is enough to make it hold."""
    if isinstance(node, Apply) and node.operator == "||":
        for part in node.parts:
            yield from _each_enough(part)
    else:
        yield node


def _share(node: Node, known: Extents, wide: Collection[str]) -> tuple[str, Numbers, float, int] | None:
    """Of what a number can be, the share of which a comparison with a written one holds.

    Args:
        wide: names of what is looked at by magnitude.
    """
    if not isinstance(node, Apply) or node.operator not in _COMPARED:
        return None
    (left, right), operator = node.parts, node.operator
    if isinstance(left, Literal):
        left, right, operator = right, left, _TURNED[operator]
    if not isinstance(left, Name) or not isinstance(right, Literal):
        return None
    extent, limit = extent_of(left, known), right.value
    if not isinstance(extent, Numbers) or isinstance(limit, bool) or not isinstance(limit, int | float):
        return None
    room = extent.high - extent.low
    if not 0 < room < float("inf"):
        return None
    parts = int(room) if extent.whole and room <= _PARTS else _PARTS
    low = max(extent.low, extent.high / _PARTS) if extent.high > 0 else extent.low
    if left.text in wide and extent.high >= _ORDERS * max(extent.low, 0):
        values = [low * (extent.high / low) ** (part / parts) for part in range(parts + 1)]
    else:
        values = [extent.low + room * part / parts for part in range(parts + 1)]
    held = sum(_COMPARED[operator](value, limit) for value in values)
    return left.text, extent, held / (parts + 1), left.at
