"""Amendments: in what two releases of a study differ, for whom each change applies, and from when.

A release that amends another says so in its block `amendment`: for each change the place in the file and
whether it applies `immediately`, `at_reconsent` or to `new_participants` alone. From that follows what is in
force for one participant: the release first consented to, with the later changes that have come to apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from entact.protocol.order import order_of
from entact.protocol.problem import Fault, unknown

Applies = Literal["immediately", "at_reconsent", "new_participants"]  # as in `study.Change`
Place = tuple[str, ...]


class Absent(Enum):
    """What stands where nothing stands: before a change that adds, or after one that removes."""

    ABSENT = "nothing"


ABSENT: Final = Absent.ABSENT

# Lists whose members have a name go by it; any other list changes as a whole.
_NAMED: Final[Mapping[str, str]] = {"schedule": "visit"}
# The label and the amendment themselves, and what is made from the rest when a file is resolved.
_APART: Final = frozenset({"release", "amendment", "order", "format"})
_ONE_LIST: Final = (
    "the list of arms was sealed before anybody was let in, and no second one is followed; "
    "leave it as it is, and begin a study of its own for other arms"
)
_KITS: Final = "kits are sealed as they were; give the new level or product a name of its own"
# What explains a value and changes nothing that anybody does.
_EXPLAINS: Final = frozenset({"source", "assumption", "sources"})
# A safety limit waits for nobody: what decides about safety is the same for all at a site.
_FOR_ALL: Final = frozenset({"gates", "alerts"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One change between two releases.

    Attributes:
        place: names from the top; members of `schedule` by their visit.
        before, after: the values, `ABSENT` where there is none.
        applies: to whom, None where the amendment does not say. because: why, where it says.
    """

    place: Place
    before: Any
    after: Any
    applies: Applies | None = None
    because: str | None = None

    @property
    def field(self) -> str:
        """The place as people say it."""
        return ".".join(self.place)

    @property
    def only_explains(self) -> bool:
        """Whether nothing but a source or an assumption changed: nobody need be told for whom it applies."""
        return not _EXPLAINS.isdisjoint(self.place)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every change from one release's data to the next one's, with what its amendment says of it.

    Args:
        before, after: data of two resolved study files (`Release.data`).
    """
    said = _said(after)
    found = []
    for place, old, new in _changes(_by_name(before), _by_name(after), ()):
        change = _governing(said, place)
        applies, because = (change.get("applies"), change.get("because")) if change else (None, None)
        found.append(Difference(place, old, new, applies, because))
    return found


def amendment_faults(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the amendment by which one release becomes the next.

    That is: changes of which it does not say to whom they apply, safety limits that would not apply to all,
    and places where nothing changes.
    """
    if not isinstance(after.get("amendment"), Mapping):
        label = before.get("release")
        message = f"says in no block `amendment` what it changes in release {label!r}, and for whom"
        return [Fault((), message)]
    found = differences(before, after)
    faults = []
    for one in found:
        if one.only_explains:
            continue
        if (why := _sealed(one.place, before)) is not None:
            faults.append(Fault(("amendment", "changes"), f"{one.field} changes: {why}"))
        elif one.applies is None:
            message = (
                f"{one.field} changes and no `applies:` says for whom; "
                f"add '- {{change: {one.field}, applies: immediately | at_reconsent | new_participants}}'"
            )
            faults.append(Fault(("amendment", "changes"), message))
        elif one.place[0] in _FOR_ALL and one.applies != "immediately":
            number = _number(after, one.place)
            message = f"{one.field} is a safety limit and waits for nobody; write 'immediately'"
            faults.append(Fault(("amendment", "changes", number, "applies"), message))
    for number, change in enumerate(after["amendment"].get("changes", [])):
        place = tuple(str(change.get("change", "")).split("."))
        if not any(one.place[: len(place)] == place or place[: len(one.place)] == one.place for one in found):
            message = unknown("change", ".".join(place), [one.field for one in found])
            faults.append(
                Fault(("amendment", "changes", number, "change"), f"nothing changes there: {message}")
            )
    return faults


def in_force(
    releases: Sequence[Mapping[str, Any]], first: int, consented: int, at_site: int
) -> dict[str, Any]:
    """The data of what is in force for one participant, put together from the releases of a study.

    Args:
        releases: data of all releases, oldest first. first, consented, at_site: numbers of those first and
            last consented to, and of the newest one approved at the site.
    Returns:
        The data of the release first consented to, with every later change that applies: those for all as
        soon as the site has the release, those at re-consent once it was consented to. A release that does
        not say what it amends applies as a whole at re-consent.
    """
    names = [_by_name(data) for data in releases]
    result: dict[str, Any] = dict(names[first])
    for number in range(first + 1, len(releases)):
        said = "amendment" in releases[number]
        for one in differences(releases[number - 1], releases[number]):
            applies = one.applies if said and not one.only_explains else "at_reconsent"
            reached = at_site if applies == "immediately" else consented
            if applies != "new_participants" and number <= max(consented, reached):
                result = _put(result, one.place, one.after)
        if number <= max(consented, at_site):
            result = _arranged(result, names[number])
    data = {name: _as_list(name, block) if name in _NAMED else block for name, block in result.items()}
    data.pop("order", None)
    return {**data, "order": order_of(data)}


def _sealed(place: Place, before: Mapping[str, Any]) -> str | None:
    """Why what a place says can be changed for nobody: list and kit map are sealed before anybody enters.

    With another list whoever was let in before could be given an arm that they never heard of; and kits that
    hold what a level was lie at the sites.
    """
    match place:
        case ("arms", _) | ("arms", _, "role"):
            return _ONE_LIST
        case ("randomisation",) | ("randomisation", "ratio" | "method" | "strata", *_):
            return _ONE_LIST
        case ("regimens", level, "initial" | "supplement" | "arms", *rest):
            is_known = level in before.get("regimens", {})
            return _KITS if is_known and rest not in (["offer"], ["optional"]) else None
        case ("products", product, "substance" | "salt" | "placebo"):
            return _KITS if product in before.get("products", {}) else None
    return None


def _said(after: Mapping[str, Any]) -> dict[Place, Mapping[str, Any]]:
    amendment = after.get("amendment")
    changes = amendment.get("changes", []) if isinstance(amendment, Mapping) else []
    return {tuple(str(change["change"]).split(".")): change for change in changes if "change" in change}


def _governing(said: Mapping[Place, Mapping[str, Any]], place: Place) -> Mapping[str, Any] | None:
    """The change that speaks of a place: the one that names it most closely."""
    for end in range(len(place), 0, -1):
        if place[:end] in said:
            return said[place[:end]]
    return None


def _number(after: Mapping[str, Any], place: Place) -> int:
    governing = _governing(_said(after), place)
    return next(n for n, change in enumerate(after["amendment"]["changes"]) if change is governing)


def _changes(before: Any, after: Any, place: Place) -> Iterator[tuple[Place, Any, Any]]:
    if before == after and type(before) is type(after):
        return
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield place, before, after
        return
    for name in dict.fromkeys([*before, *after]):
        if place or name not in _APART:
            yield from _changes(before.get(name, ABSENT), after.get(name, ABSENT), (*place, str(name)))


def _by_name(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with members of named lists by their names."""
    result = dict(data)
    for name, key in _NAMED.items():
        if isinstance(data.get(name), list):
            result[name] = {str(member[key]): member for member in data[name]}
    return result


def _as_list(name: str, block: Any) -> Any:
    return list(block.values()) if isinstance(block, Mapping) and name in _NAMED else block


def _put(block: Any, place: Place, value: Any) -> dict[str, Any]:
    """The block with a value at a place, or without it."""
    result = dict(block) if isinstance(block, Mapping) else {}
    name, *rest = place
    if rest:
        result[name] = _put(result.get(name, {}), tuple(rest), value)
    elif value is ABSENT:
        result.pop(name, None)
    else:
        result[name] = value
    return result


def _arranged(block: dict[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """The visits in the order of another release; one that it does not have stays after the one before it."""
    for name in _NAMED:
        members, pattern = block.get(name), like.get(name)
        if not isinstance(members, Mapping) or not isinstance(pattern, Mapping):
            continue
        order = [member for member in pattern if member in members]
        previous: str | None = None
        for member in members:
            if member not in pattern:
                order.insert(order.index(previous) + 1 if previous is not None else 0, member)
            previous = member
        block = {**block, name: {member: members[member] for member in order}}
    return block
