"""Alerts that hold of nearly all that can be answered: they call for nearly everybody, and so for nobody.

Only a warning: of a pressure nobody has all that its range allows, and what people have a rehearsal tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Final

from entact.protocol.extent import Extents, Numbers, extent_of, extents_in
from entact.protocol.problem import Fault
from entact.protocol.rules import CompiledAlert
from entact.protocol.tree import Apply, Literal, Name, Node, parse

NEARLY_ALL: Final = 0.92  # any score above none on a scale from 0 to 10 is no slip of the pen
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PARTS: Final = 1000  # of a range that is not of whole numbers, or of more than these


def check_breadth(alerts: Mapping[str, CompiledAlert], known: Extents) -> Iterator[Fault]:
    """A warning for each comparison that is enough to raise an alert and nearly always holds.

    Args:
        known: what each name can be (`extents_of`).
    """
    for name, alert in alerts.items():
        local = extents_in(alert.rule.names, known)
        for node in _each_enough(parse(alert.rule.text)):
            found = _share(node, local)
            if found is None:
                continue
            said, extent, share, at = found
            if NEARLY_ALL < share < 1.0:
                message = (
                    f"holds of {share:.0%} of what {said} can be, {extent.low:g} to {extent.high:g}, "
                    "so it calls for nearly everybody"
                )
                yield Fault(("alerts", name, "when"), message, at)


def _each_enough(node: Node) -> Iterator[Node]:
    """The parts of a rule of which any one is enough to make it hold."""
    if isinstance(node, Apply) and node.operator == "||":
        for part in node.parts:
            yield from _each_enough(part)
    else:
        yield node


def _share(node: Node, known: Extents) -> tuple[str, Numbers, float, int] | None:
    """Of what a number can be, the share of which a comparison with a written one holds."""
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
    held = sum(_COMPARED[operator](extent.low + room * part / parts, limit) for part in range(parts + 1))
    return left.text, extent, held / (parts + 1), left.at
