"""Study files with one slip each, and everything that is said of it: what is refused, and what is advised.

What is said is kept in tests/golden/slips; `python -m tests.protocol.one_slip` writes it anew. Where a check
was meant to change, see what else is said of which slip. Of many slips nothing is said: these are not kept,
and the test leaves them out, which would take it three times as long.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from entact.protocol.check import check
from entact.protocol.explain import validate
from entact.protocol.load import advice_of, resolve
from entact.protocol.problem import Fault
from entact.protocol.release import Release, canonical
from entact.protocol.source import read_as_far

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "slips"
STUDIES = ("mini", "forms", "couples", "three_arms", "shapes/waiting_list")
OFTEN = 1  # so many slips at a kind of place, over all of these studies
NAMED = {"forms", "items", "arms", "sites", "roles", "gates", "alerts", "regimens", "products", "populations"}
NAMED |= {"eligibility", "endpoints", "tracks", "epochs", "quotas", "holds", "reports", "stopping", "terms"}
NAMED |= {"classes", "sets", "factors", "ratio", "consent", "estimands", "levels", "windows", "sources"}

Path_ = tuple[str | int, ...]


def slips(data: Any, often: Counter[str]) -> Iterator[tuple[str, Any]]:
    """The data with one slip each, and what it is: left out, emptied, turned round, or something else."""
    places = list(_places(data))
    others: dict[str, list[Any]] = {}
    for path, value in places:
        if isinstance(value, str):
            others.setdefault(_kind(path), []).append(value)
    for path, value in places:
        kind = _kind(path)
        often[kind] += 1
        if often[kind] > OFTEN or path[0] in ("title", "registry", "sources"):
            continue
        shown = ".".join(map(str, path))
        yield f"without {shown}", _put(data, path, _GONE)
        for other in _other_values(value, others.get(kind, [])):
            yield f"{shown} = {json.dumps(other, ensure_ascii=False)}", _put(data, path, other)


def _other_values(value: Any, others: list[str]) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [0, value + 1]
    if isinstance(value, list):
        return [[], value[::-1], [*value, value[0]]][: 3 if len(value) > 1 else 1]
    if isinstance(value, str):
        turned = value.translate(str.maketrans("<>&", "><|"))
        found = ["x", *[one for one in others if one != value][:1], *([turned] if turned != value else [])]
        return found + (["0 d", "999 d"] if value[-2:] in (" d", "wk", " h") or "in" in value[-3:] else [])
    return []


def said_of(data: Any) -> list[str]:
    """Everything that is said of a study file: every fault; what it hardly means, where it has none."""
    file, faults = validate(data)
    if file is not None:
        resolved = resolve(data, file)
        file, faults = validate(resolved)
        if file is not None and not faults:
            faults = check(file, resolved)
            if not faults:
                return [f"advised {one}" for one in _shown(advice_of(Release.from_text(canonical(resolved))))]
    return _shown(faults)


def _shown(faults: list[Fault]) -> list[str]:
    """Each fault with its place: at the key rather than its value, or so many characters into it."""
    return sorted(
        f"{'.'.join(map(str, one.path))}{' (key)' if one.at_key else ''}"
        f"{'' if one.offset is None else f' +{one.offset}'}: {one.message}"
        for one in faults
    )


_GONE = object()


def _places(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        yield (*path, name), value
        yield from _places(value, (*path, name))


def _kind(path: Path_) -> str:
    """A path without the names that a study gives."""
    steps = [
        "*" if isinstance(one, int) or (at and path[at - 1] in NAMED) else one for at, one in enumerate(path)
    ]
    return ".".join(map(str, steps))


def _put(data: Any, path: Path_, value: Any) -> Any:
    if not path:
        return value
    if isinstance(data, dict):
        kept = {
            name: _put(inner, path[1:], value) if name == path[0] else inner for name, inner in data.items()
        }
        return {name: inner for name, inner in kept.items() if inner is not _GONE}
    kept_list = [_put(inner, path[1:], value) if at == path[0] else inner for at, inner in enumerate(data)]
    return [inner for inner in kept_list if inner is not _GONE]


def answers(known: Mapping[str, Container[str]] | None = None) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Of each study what is said of which slip; nothing is kept of one of which nothing more is said.

    Args:
        known: by study, the slips that are to be tried; all of them where not given.
    """
    often: Counter[str] = Counter()
    for path in STUDIES:
        source, _ = read_as_far((TESTS / "studies" / path / "study.yaml").read_bytes(), path)
        data, name = _plain(source.data), path.rpartition("/")[2]
        file, _ = validate(data)
        assert file is not None
        instruments = resolve(data, file)["instruments"]  # read once
        usual = said_of(data | {"instruments": instruments})
        told = {"as it is": usual}
        for title, changed in slips(data, often):
            if known is not None and title not in known[name]:
                continue
            said = said_of({**changed, "instruments": instruments})
            if said != usual:
                told[title] = [f"+ {one}" for one in said if one not in usual]
                told[title] += [f"- {one}" for one in usual if one not in said and not _is_refused(said)]
        yield name, told


def _is_refused(said: list[str]) -> bool:
    """Whether a file is refused, so that nothing is advised of it."""
    return any(not one.startswith("advised ") for one in said)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for study, told in answers():
        text = json.dumps(told, indent=1, ensure_ascii=False)
        (GOLDEN / f"{study}.json").write_text(f"{text}\n", encoding="utf-8")
