"""What one change does: every single change of a participant's entries, and what is answered then.

The answers are kept in tests/golden/courses and read like a table: a change of the rules shows there for whom
it answers otherwise. `python -m tests.course.one_change` writes them anew; look at the difference before you
keep it. Rules, entries, visits and days are kept by change; what is said of them in words, once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.course.cases import BY, DETAIL, WHEN, Case, before
from tests.course.hazards import HAZARDS
from tests.course.rare_hazards import RARE

from entact.course.entry import instant
from entact.course.findings import findings
from entact.course.gates.gate import Allowed, Refused
from entact.course.kinds.calls import open_alerts
from entact.course.state.state import STATE

GOLDEN = Path(__file__).parents[1] / "golden" / "courses"
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LATER = (timedelta(minutes=20), HOUR, timedelta(hours=3), timedelta(days=8), timedelta(days=70))
OTHERWISE = {
    "by": ("i-1", "t-1", "t-2", "r-1", "r-2", "p-1", "nobody"),
    "kit": ("K-1", "K-2", "K-3", "K-9"),
    "level": ("full", "low"),
    "part": ("initial", "supplement"),
    "visit": ("session_1", "session_2", "baseline"),
    "encounter": ("session_1#1", "outcome#1", "party"),
    "number": ("R-7", "R-8", "P-1"),
}
SAID = ("kit", "level", "part", "number", "by", "gate")  # in the basis of a yes
STATES = ("supplement", "unblind")  # in a session, and long after it
# Of the state: what is told otherwise, or is all of the entries.
DERIVED = ("release", "effective", "former", "lasting", "findings", "forms", "answers")
OTHERS = {
    "denver": "haifa",
    "active": "held",
    "received": "returned",
    "started": "missed",
    "ended": "started",
}
OTHERS |= {"eligible": "not_eligible", "initial": "supplement", "full": "low", "female": "male", "in": "out"}

Change = tuple[str, Callable[[Case], Case]]


def changes(case: Case, act: str, known: frozenset[str]) -> Iterator[Change]:
    """Every single change of a case, with what it is called; of those `known` only what takes them away.

    These were there at an earlier question, and are changed in every way for that one.
    """
    asked = instant(WHEN[act])
    for name, entry in case.entries.items():
        yield f"without {name}", lambda made, name=name: made.drop(name)
        yield f"{name} withdrawn", lambda made, name=name: _withdrawn(made, name, asked - SECOND)
        if name in known:
            continue
        for word, when in (("at", asked), ("after", asked + SECOND), ("two days before", asked - 48 * HOUR)):
            yield f"{name} {word}", lambda made, name=name, when=when: made.move(name, when.isoformat())
        yield f"{name} by another", lambda made, name=name: _with(made, name, by="i-1", role="investigator")
        if entry.encounter is not None:
            yield f"{name} of no visit", lambda made, name=name: _with(made, name, encounter=None)
            yield f"{name} of another visit", lambda made, name=name: _with(made, name, encounter="closing#1")
        if entry.kind == "form":
            data = {**entry.data, "status": "not_done", "items": {}}
            yield f"{name} not done", lambda made, name=name, data=data: _with(made, name, data=data)
        for path, value in _leaves(entry.data):
            for other in _other_values(value):
                data = _replaced(entry.data, path, other)
                title = f"{name} {'.'.join(map(str, path))} = {other}"
                yield title, lambda made, name=name, data=data: _with(made, name, data=data)
    for hazard in (*HAZARDS, *RARE):
        for word, when in (("at", asked), ("after", asked + SECOND)):
            yield (
                f"{hazard.title} {word}",
                lambda made, one=hazard, when=when: one.put(made, when.isoformat()),
            )


def askings(asked: datetime, detail: dict[str, Any]) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """The same question put otherwise: later, by another, about something else."""
    for late in (-HOUR, -SECOND, SECOND, *LATER):
        yield f"asked {late.total_seconds():+.0f} s", asked + late, detail
    for name, values in OTHERWISE.items():
        for value in values:
            yield f"asked with {name} {value}", asked, detail | {name: value}


def answers(act: str, known: frozenset[str]) -> dict[str, dict[str, list[str]]]:
    """What the gate of an act says after which change, what else becomes of the record, and in which words.

    What is not named stays as it is without a change.
    """
    words: set[tuple[str, str]] = set()
    asked, detail = instant(WHEN[act]), {"by": BY.get(act, "t-1")} | DETAIL.get(act, {})
    case = before(act)
    usual, stands = _gate(case, act, asked, detail, words), _state(case, asked, words)
    gate: dict[str, list[str]] = {" ".join(sorted(usual)): ["nothing"]}
    state: dict[str, list[str]] = {one: ["nothing"] for one in sorted(stands)}
    for title, change in changes(case, act, known):
        made = Case(case.study)
        made.entries = dict(case.entries)
        change(made)
        said = _gate(made, act, asked, detail, words)
        if said != usual:
            gate.setdefault(_told(said, usual), []).append(title)
        if act in STATES:
            now = _state(made, asked, words)
            for one in now ^ stands:
                state.setdefault(f"{'+' if one in now else '-'} {one}", []).append(title)
    for title, when, how in askings(asked, detail):
        said = _gate(case, act, when, how, words)
        if said != usual:
            gate.setdefault(_told(said, usual), []).append(title)
    told: dict[str, list[str]] = {}
    for rule, message in sorted(words):
        told.setdefault(rule, []).append(message)
    return {"gate": gate, "state": dict(sorted(state.items())), "words": told}


def _told(said: frozenset[str], usual: frozenset[str]) -> str:
    """All of a no; of a yes only what is otherwise than usual."""
    if any(one.startswith("no ") for one in said):
        return "; ".join(sorted(said))
    return "yes; " + "; ".join(f"{'+' if one in said else '-'} {one}" for one in sorted(said ^ usual))


def _gate(
    case: Case, act: str, at: datetime, detail: dict[str, Any], words: set[tuple[str, str]]
) -> frozenset[str]:
    answer: Allowed | Refused = case.may(act, at, **detail)
    if isinstance(answer, Refused):
        words |= {(one.code, one.message) for one in answer.reasons}
        told = (f"{one.code} {' '.join(sorted(one.missing))}".strip() for one in answer.reasons)
        return frozenset(f"no {one}" for one in told)
    basis = answer.basis
    more = (
        f"{name}={basis[name]}" for name in ("kit", "level", "part", "number", "by", "gate") if name in basis
    )
    return frozenset((f"until={basis['expires']}", *more, *(f"<{one}>" for one in basis["inputs"])))


def _state(case: Case, at: datetime, words: set[tuple[str, str]]) -> set[str]:
    """What is found, due, open and wrong at an instant."""
    course, setting = case.course(), case.setting()
    words |= {(one.rule, one.message) for one in (*findings(course, at), *setting.problems)}
    told = {
        f"{one.rule} {one.entry}{f'/{one.item}' if one.item else ''}{'' if one.holds else ' mended'}"
        for one in findings(course, at)
    }
    for due in course.due(at):
        first, last = due.opens or due.earliest, due.closes or due.latest
        told.add(f"{due.visit} {due.status} {first}/{due.target}/{last}")
    told |= {f"alert {one.alert} {one.entry}" for one in open_alerts(course)}
    told |= {
        f"setting {one.rule} {one.entry}{f'/{one.item}' if one.item else ''}" for one in setting.problems
    }
    parts = {f"site {name}": getattr(setting.site, name) for name in setting.site.__struct_fields__}
    parts |= {f"study {name}": getattr(setting.study, name) for name in setting.study.__struct_fields__}
    parts |= {name: getattr(course, name) for name in STATE if name not in DERIVED}
    for name, value in parts.items():
        told |= {f"{name}{path} = {leaf}" for path, leaf in _said(value)}
    return told


def _said(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value within a value, with where it stands."""
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _said(inner, f"{path}.{' '.join(map(str, name)) if isinstance(name, tuple) else name}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _said(inner, f"{path}[{place}]")
    elif isinstance(value, set | frozenset):
        yield path, " ".join(sorted(map(str, value)))
    elif value not in (None, "", 0):
        yield path, str(value)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, place))
    else:
        yield path, value


def _other_values(value: Any) -> list[Any]:
    """What may stand in the place of a value: its neighbours, its opposite, another word, nothing."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value - 1, value + 1, 0]
    if isinstance(value, str):
        first, _, unit = value.partition(" ")
        if first.isdigit():
            return [f"{int(first) - 20} {unit}".strip(), f"{int(first) + 20} {unit}".strip(), "x"]
        if len(value) == 10 and value[4] == "-":
            return ["2026-03-16", "2026-03-15", "2026-03-10"]
        return [OTHERS.get(value, "x")]
    return [None]


def _replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    if isinstance(value, dict):
        return {**value, path[0]: _replaced(value[path[0]], path[1:], other)}
    return [_replaced(one, path[1:], other) if place == path[0] else one for place, one in enumerate(value)]


def _with(case: Case, name: str, **fields: Any) -> Case:
    case.entries[name] = msgspec.structs.replace(case.entries[name], **fields)
    return case


def _withdrawn(case: Case, name: str, when: datetime) -> Case:
    said = {"reason": "entered_in_error", "occurred_at": when.isoformat(), "recorded_at": when.isoformat()}
    void: dict[str, Any] = {"id": f"{name} void", "kind": "void", "data": {}, "replaces": name} | said
    case.entries[void["id"]] = msgspec.structs.replace(case.entries[name], **void)
    return case


def answers_of(act: str) -> dict[str, dict[str, list[str]]]:
    """What one change makes of an act, in every way of the entries that no act before it had."""
    earlier = list(WHEN)[: list(WHEN).index(act)]
    return answers(act, frozenset(name for one in earlier for name in before(one).entries))


def kept(act: str) -> Path:
    """Where the answers of an act are kept."""
    return GOLDEN / f"{act}.json"


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in WHEN:
        text = json.dumps(answers_of(name), indent=1, ensure_ascii=False)
        kept(name).write_text(f"{text}\n", encoding="utf-8")
