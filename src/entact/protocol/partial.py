"""A study file with faults, read as far as it goes, so that all of its faults can be told at once.

What is wrong is left out, and what can be said of the rest is said, unless it only follows from what was
left out: a rule about an item that is misspelt says nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from entact.protocol.explain import as_name, validate
from entact.protocol.problem import Fault, Path
from entact.protocol.study import StudyFile

_ROUNDS: Final = 8  # a block that lacks what it needs is left out with the block around it, and so on

_COUNTED: Final = (("schedule",), ("doses",))  # what is said of a schedule of which a visit is left out

# What stands for a block of the whole file that is wrong or missing, where little follows from it.
_STAND_INS: Final[Mapping[str, Any]] = {
    "title": "?",
    "release": "?",
    "condition": "?",
    "doses": 1,
    "eligibility": {},
    "gates": {},
    "endpoints": {},
    "adverse_events": {"terms": {}},
    "analysis": {"primary": {"endpoint": "none", "estimand": "de_facto", "set": "itt", "method": "describe"}},
}


@dataclass(slots=True)
class Partial:
    """What is left of a study file.

    Attributes:
        file: typed. data: the same as plain data. left_out: what was taken out, by its place in the whole.
    """

    file: StudyFile
    data: dict[str, Any]
    left_out: list[Path]
    _places: Any = field(repr=False)

    def placed(self, fault: Fault) -> Fault:
        """A fault of the rest, by its place in the whole file."""
        path: list[str | int] = []
        places = self._places
        for step in fault.path:
            inner: Any = None
            if isinstance(places, list) and isinstance(step, int) and step < len(places):
                step, inner = places[step]
            elif isinstance(places, Mapping):
                inner = places.get(step)
            path.append(step)
            places = inner
        return replace(fault, path=tuple(path))


def read_partly(data: Mapping[str, Any], wrong: Iterable[Path]) -> Partial | None:
    """What of a study file can be used; None where too little is left to say anything about it.

    Args:
        data: plain data. wrong: places that are known to hold nothing of use.
    """
    rest, places = deepcopy(dict(data)), _places(data)
    left_out = [path for path in sorted(set(wrong), key=_last_first) if _take_out(rest, places, path)]
    for _ in range(_ROUNDS):
        file, faults = validate(rest)
        if file is not None:
            return Partial(file, rest, left_out, places)
        for path in sorted({_holder(rest, fault.path) for fault in faults}, key=_last_first):
            if not path:
                continue
            whole = _whole(places, path)
            if len(path) == 1 and (stand_in := _stand_in(str(path[0]), rest)) is not None:
                rest[str(path[0])], places[path[0]] = stand_in, None
            elif not _take_out(rest, places, path):
                continue
            left_out.append(whole)
        if not any(fault.path for fault in faults):
            return None
    return None


def _stand_in(block: str, rest: Mapping[str, Any]) -> Any:
    if block == "randomisation" and isinstance(arms := rest.get("arms"), Mapping):
        return {"ratio": dict.fromkeys(arms, 1), "method": "permuted_blocks", "strata": [], "at": "enrolment"}
    return deepcopy(_STAND_INS.get(block))


def follows(fault: Fault, text: str, causes: Iterable[Path], whole: Mapping[str, Any]) -> bool:
    """Whether a fault may only follow from what is wrong at other places: then it is not said.

    Args:
        text: of the value that the fault is about. causes: the places that are wrong. whole: the data.
    """
    for cause in causes:
        if fault.path[:2] == cause[:2] or (len(cause) == 1 and fault.path[:1] == cause[:1]):
            return True
        if cause[:1] == ("schedule",) and len(cause) == 2 and fault.path in _COUNTED:
            return True
        if any(_mentions(said, word) for word in _words(whole, cause) for said in (fault.message, text)):
            return True
    return False


def text_at(data: Any, path: Path) -> str:
    """The text at a place; empty where there is none."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return data if isinstance(data, str) else ""


def _mentions(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _words(whole: Mapping[str, Any], cause: Path) -> Iterator[str]:
    """Names that something wrong may have taken along: of the things on its path, and what a visit does."""
    block: Any = whole
    if len(cause) == 1:
        yield f"`{cause[0]}:`"
    for step in cause:
        inner = block[step] if _has(block, step) else None
        if isinstance(step, str) and block is not whole:
            yield step
        if isinstance(inner, Mapping) and isinstance(inner.get("visit"), str):
            yield inner["visit"]
            yield as_name(inner["visit"])
            done = inner.get("do")
            yield from (name for name in (done if isinstance(done, list) else ()) if isinstance(name, str))
        block = inner
    if isinstance(block, str) and isinstance(cause[-1], int):
        yield block


def _places(data: Any) -> Any:
    """The place of everything in some data: a list tells of each member where it stood."""
    if isinstance(data, Mapping):
        return {key: _places(value) for key, value in data.items()}
    if isinstance(data, list):
        return [(place, _places(value)) for place, value in enumerate(data)]
    return None


def _whole(places: Any, path: Path) -> Path:
    found: list[str | int] = []
    for step in path:
        if isinstance(places, list) and isinstance(step, int) and step < len(places):
            step, places = places[step]
        else:
            places = places.get(step) if isinstance(places, Mapping) else None
        found.append(step)
    return tuple(found)


def _holder(data: Any, path: Path) -> Path:
    """The place itself; of what is missing the block that lacks it, in the whole file its own."""
    for end, step in enumerate(path):
        if not _has(data, step):
            return path[:1] if end == 0 else path[:end]
        data = data[step]
    return path


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, Mapping) and step in data


def _take_out(data: Any, places: Any, path: Path) -> bool:
    for step in path[:-1]:
        if not _has(data, step):
            return False
        data = data[step]
        places = places[int(step)][1] if isinstance(places, list) else places[step]
    if not path or not _has(data, path[-1]):
        return False
    last: Any = path[-1]
    del data[last]
    del places[last]
    return True


def _last_first(path: Path) -> tuple[Any, ...]:
    """Orders places so that taking one out moves none of those that follow."""
    return tuple((0, -step, "") if isinstance(step, int) else (1, 0, step) for step in path)
