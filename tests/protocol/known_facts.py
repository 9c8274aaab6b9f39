"""What follows from the study files of the tests, property by property.

`python -m tests.protocol.known_facts` writes it anew.

What is told of a release, its tracks, visits, forms, items and arms is kept in tests/golden/facts, so that a
change of one property shows in every study where it is told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from entact.protocol import load_study
from entact.protocol.plan_data import plan_data

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "facts"
STUDIES = {path.parent.name: path.parent for path in sorted(TESTS.glob("studies/**/study.yaml"))}
PLAIN = (str, bool, int, float, timedelta, date, Decimal, type(None))
LEFT_OUT = {
    "text",
    "digest",
    "id",
    "model_fields_set",
    "model_extra",
    "model_computed_fields",
    "model_fields",
}


def facts_of(study: str) -> str:
    """Every property of a release and of its parts that is not written in the file, line by line."""
    release = load_study(STUDIES[study]).newest
    file = release.file
    lines = [f"release.{one}" for one in _properties(release)]
    lines += [f"file.{one}" for one in _properties(file)]
    parts: dict[str, Mapping[str, Any]] = {
        "arm": file.arms,
        "track": file.tracks,
        "visit": release.visits,
        "form": release.forms,
        "regimen": file.regimens,
        "endpoint": file.endpoints,
        "event": file.adverse_events.terms,
    }
    for kind, members in parts.items():
        for name, part in members.items():
            lines += [f"{kind} {name}.{one}" for one in _properties(part)]
    for name, form in release.forms.items():
        for item, said in form.items.items():
            lines += [f"item {name}.{item}.{one}" for one in _properties(said)]
    lines += [f"plan.{one}" for one in _leaves(plan_data(file, list(release.visits)))]
    return "\n".join(lines) + "\n"


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from (f"{name}{'' if one.startswith(' ') else '.'}{one}" for one in _leaves(inner))
    else:
        yield f" = {_said(value)}"


def _properties(part: Any) -> Iterator[str]:
    for name in sorted(dir(type(part))):
        if name.startswith("_") or name in LEFT_OUT:
            continue
        if isinstance(_static(type(part), name), property | cached_property):
            said = _said(getattr(part, name))
            if said not in ("False", "None", "", "()", "{}"):
                yield f"{name} = {said}"


def _static(of: type, name: str) -> Any:
    return next((vars(base)[name] for base in of.__mro__ if name in vars(base)), None)


def _said(value: Any) -> str:
    """A value in one line; of what is an object of its own, what it is."""
    if isinstance(value, PLAIN):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_said(name)}: {_said(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(_said, value))) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(_said, value)) + ")"
    return f"{value.start}..{value.stop - 1}" if isinstance(value, range) else type(value).__name__


def kept(study: str) -> Path:
    """Where the facts of a study are kept."""
    return GOLDEN / f"{study}.txt"


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for study in STUDIES:
        kept(study).write_text(facts_of(study), encoding="utf-8")
