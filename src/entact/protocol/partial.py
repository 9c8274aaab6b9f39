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

_MAKES_A_VISIT: Final = frozenset(
    {"visit", "do", "timed", "then", "kind", "after", "or", "track", "for"}
)  # other fields of a visit may be wrong without a word about it elsewhere
_RESTS_ON: Final = {"products": ("regimens",), "regimens": ("products",)}  # strengths and whole units

# Blocks of the whole file with fields, and blocks within others with names of the study's own.
_OF_FIELDS: Final = frozenset(
    {
        "adverse_events",
        "amendment",
        "analysis",
        "randomisation",
        "standards",
        "supply",
        "unblinding",
        "verification",
        "washout",
    }
)
_OF_NAMES: Final = frozenset(
    {
        *("arms", "checklists", "classes", "estimands", "intercurrent", "items", "ratio", "scores"),
        *("secondary", "sets", "special_interest", "strategies", "terms", "windows"),
    }
)

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
        if not cause or fault.path[:1] == cause == cause[:1] or _element(fault.path) == _element(cause):
            return True
        if cause[0] == "languages" and re.search(r"\blanguage\b", fault.message):
            return True
        is_another_schedule = cause[:1] == ("schedule",) and (len(cause) == 2 or cause[-1] == "kind")
        if is_another_schedule and fault.path in _COUNTED:
            return True
        if fault.path[:1] and fault.path[0] in _RESTS_ON.get(str(cause[0]), ()):
            return True
        is_definition = len(cause) == 2 and isinstance(cause[1], str)
        named = re.match(r"there is no ([^'\"]*) ['\"]", fault.message)
        if is_definition and named and str(cause[0]).removesuffix("s") in named[1]:
            return True
        for word in _words(whole, cause):
            if word in fault.path or any(_mentions(said, word) for said in (fault.message, text)):
                return True
    return False


def _element(path: Path) -> Path:
    """The thing that a place is of: a visit, a form, a requirement."""
    return path[:4] if path[:1] == ("gates",) and path[2:3] == ("require",) else path[:2]


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
    """Names that something wrong may have taken along: what it is of, and what a visit does."""
    if len(cause) == 1:
        yield f"`{cause[0]}:`"
    if cause[0] == "schedule" and len(cause) > 1:
        yield from _of_visit(whole, cause)
        return
    if cause[0] == "instruments" and len(cause) > 2:
        yield from _of_instrument(whole, cause[1])
    block: Any = whole
    is_name = False
    for place, step in enumerate(cause):
        # Of a thing with a list, one member of that is wrong, and not the thing.
        if isinstance(step, str) and is_name and place + 2 >= len(cause):
            yield step
            yield as_name(step)
        is_name = step in _OF_NAMES or (block is whole and step not in _OF_FIELDS)
        block = block[step] if _has(block, step) else None
    if isinstance(block, str) and isinstance(cause[-1], int):
        yield block


def _of_instrument(whole: Mapping[str, Any], name: Any) -> Iterator[str]:
    """The forms that an instrument gives neither item nor score while something is wrong with it."""
    forms = whole.get("forms")
    for form, said in forms.items() if isinstance(forms, Mapping) else ():
        if isinstance(said, Mapping) and said.get("instrument") == name:
            yield str(form)


def _of_visit(whole: Mapping[str, Any], cause: Path) -> Iterator[str]:
    """What goes with a visit that is wrong: nothing while only its window, or who does it, is."""
    schedule: Any = whole.get("schedule")
    place: Any = cause[1]
    visit = schedule[place] if isinstance(schedule, list) and _has(schedule, place) else None
    field = cause[2] if len(cause) > 2 else "visit"
    if not isinstance(visit, Mapping) or field not in _MAKES_A_VISIT:
        return
    if isinstance(visit.get("visit"), str):
        yield visit["visit"]
        yield as_name(visit["visit"])
    if field in ("visit", "do", "timed"):
        yield from _done_at(visit)


def _done_at(visit: Mapping[str, Any]) -> Iterator[str]:
    """Forms and activities of a visit, as far as it says them."""
    timed = visit.get("timed")
    done = visit.get("do")
    said = list(done) if isinstance(done, list) else []
    said += [one.get("do") for one in timed if isinstance(one, Mapping)] if isinstance(timed, list) else []
    for name in said:
        if isinstance(name, str):
            yield "vitals" if name == "vital_signs" else name


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
