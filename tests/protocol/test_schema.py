"""The schema takes every study that entact takes and refuses what is none, by an independent validator."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from entact.protocol import shipped_studies
from entact.protocol.load import FILE
from entact.protocol.quantity import parse_duration
from entact.protocol.schema import study_schema, undescribed
from entact.protocol.source import read_source
from entact.protocol.study import Span

STUDIES = Path(__file__).parents[1] / "studies"
SHIPPED = Path(__file__).parents[2] / "src" / "entact" / "studies"
SCHEMA = study_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
MINI: dict[str, Any] = read_source((STUDIES / "mini" / FILE).read_bytes(), FILE).data


def faults(data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def edited(path: tuple[str | int, ...], value: Any) -> Any:
    """The small study with another value at a path."""
    data = copy.deepcopy(MINI)
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return data


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "path",
    [*(SHIPPED / name / FILE for name in shipped_studies()), *sorted(STUDIES.glob(f"*/{FILE}"))],
    ids=lambda path: path.parent.name,
)
def test_every_study_is_taken(path: Path) -> None:
    assert faults(read_source(path.read_bytes(), path.name).data) == []


def test_every_field_says_what_it_means() -> None:
    assert undescribed() == []


def keys(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key of the study whose name the schema fixes, with its path."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from keys(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from keys(value, (*path, place))


@pytest.mark.parametrize("path", sorted(set(keys(MINI)), key=str), ids=lambda path: ".".join(map(str, path)))
def test_a_key_that_is_no_name_is_refused(path: tuple[str | int, ...]) -> None:
    """`Capital Letters` are neither a field nor a name that a study may define, but for sites and sources."""
    data = copy.deepcopy(MINI)
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    inner["Capital Letters"] = inner.pop(path[-1])
    assert (faults(data) == []) == (path[:-1] in {("sites",), ("sources",)} or path[-2:-1] == ("sites",))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("release",), 1.0),
        (("doses",), -1),
        (("doses",), "1"),
        (("titel",), "A small study"),
        (("arms", "mdma", "role"), "verum"),
        (("products", "capsule", "strengths"), ["40"]),
        (("products", "capsule", "salt"), "HCl"),
        (("regimens", "low", "initial"), "80 mg"),
        (("regimens", "low", "initial"), "1.5 x 40 mg"),
        (("regimens", "low", "supplement", "offer"), "90 min"),
        (("schedule", 1, "within"), "a week"),
        (("schedule", 1, "within"), "30 d"),
        (("schedule", 1, "kind"), "therapy"),
        (("schedule", 1, "lasts"), 90),
        (("schedule", 4, "timed", 0, "at"), ["after an hour"]),
        (("schedule", 5, "then", "every"), "7 days"),
        (("schedule", 6, "or"), "18 wk"),
        (("forms", "symptoms", "items", "total", "type"), "number"),
        (("forms", "symptoms", "items", "total", "range"), "0 to 80"),
        (("gates", "dose"), {"require": []}),
        (("alerts", "ideation", "urgency"), "soon"),
        (("order",), {}),
        (("title",), None),
    ],
)
def test_what_is_wrong_in_itself_is_refused(path: tuple[str | int, ...], wrong: Any) -> None:
    assert faults(MINI) == []
    assert faults(edited(path, wrong)) != []


def test_names_of_entact_are_offered_and_others_taken() -> None:
    do = SCHEMA["$defs"]["Visit"]["properties"]["do"]["items"]["anyOf"]
    assert "randomisation" in do[0]["enum"]
    assert "pcl5" in SCHEMA["$defs"]["Form"]["properties"]["instrument"]["anyOf"][0]["enum"]
    assert faults(edited(("schedule", 1, "do"), ["anything_else"])) == []


parts = st.tuples(st.integers(0, 99), st.sampled_from(["wk", "d", "h", "min", "s"]))
texts = st.one_of(
    st.lists(parts, min_size=1, max_size=3).map(lambda some: " ".join(f"{n} {unit}" for n, unit in some)),
    st.sampled_from(
        ["0", "next morning", "7 days", "h", "1h", "1.5 h", "-2 d", "", "1 h .. 2 h", "2 .. 14 d"]
    ),
)


@given(texts)
def test_a_duration_that_is_read_is_taken(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError:
        return
    assert faults(edited(("schedule", 1, "lasts"), text)) == []


@given(texts, texts)
def test_a_window_that_is_read_is_taken(low: str, high: str) -> None:
    for text in (low, f"{low} .. {high}"):
        try:
            Span.parse(text)
        except ValueError:
            continue
        assert faults(edited(("schedule", 1, "within"), text)) == []
