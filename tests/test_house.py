"""The house: which room knows which, and that a new room cannot be added without saying so."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import entact

ROOT = Path(__file__).parents[1]
HOUSE = Path(entact.__file__).parent

# The table of rooms (CONTRIBUTING.md, with those still to come): what each may import; `None` stands for all.
MAY_KNOW: dict[str, set[str] | None] = {
    "protocol": set(),
    "course": {"protocol"},
    "pharmacology": set(),
    "datasets": {"protocol", "course"},
    "analysis": set(),
    "cohort": {"protocol", "course", "pharmacology"},
    "design": {"protocol", "cohort", "datasets", "analysis"},
    "synthesis": {"protocol", "analysis"},
    "report": {"analysis", "datasets", "synthesis"},
    "exchange": {"protocol", "course", "datasets"},
    "store": {"protocol", "course"},
    "conduct": None,
    "cli": None,
}
ON_TOP = {"store", "conduct", "cli"}
# Data and the package itself: no room of their own.
NO_ROOM = {"studies", "methods.toml", "__pycache__", "__init__.py", "__main__.py", "py.typed"}

# Of the rooms that a study's credibility hangs on most: what is built up or goes on; all else stays as made.
CHANGING = {
    "protocol": {"CompiledRules", "Partial", "_Block"},
    "course": {
        "AdverseEventState", "AlertEpisode", "EncounterState", "KitRow", "KitState", "MedicationState",
        "_Identity",
    },
    "store": {"_Addressed", "_Data", "_Memory", "_Text"},
}  # fmt: skip

ROOMS = sorted(entry.name for entry in HOUSE.iterdir() if entry.name not in NO_ROOM)
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["tool"]["importlinter"]["contracts"]}


def rooms_loaded_by(statement: str) -> set[str]:
    """Return the rooms that a fresh interpreter holds after the statement."""
    listing = f"import sys; {statement}; print(*(m for m in sys.modules if m.startswith('entact.')))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return {name.split(".")[1] for name in done.stdout.split()}


@pytest.mark.parametrize("room", ROOMS)
def test_every_entry_of_the_house_is_a_room_of_the_table(room: str) -> None:
    assert room in MAY_KNOW, f"src/entact/{room} is no room of the table: add it there, with its contract"
    assert (HOUSE / room / "__init__.py").is_file(), f"src/entact/{room} has no __init__.py"


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "cli"])
def test_every_room_has_the_contract_that_the_table_asks_for(room: str) -> None:
    known = MAY_KNOW[room]
    unknown = {"cli"} if known is None else set(ROOMS) - known - {room}
    assert room in CONTRACTS, f"{room} has no contract in pyproject.toml"
    contract = CONTRACTS[room]
    assert contract["type"] == "forbidden"
    assert contract["source_modules"] == [f"entact.{room}"]
    assert set(contract["forbidden_modules"]) == {f"entact.{other}" for other in unknown}
    ignored = {line.split(" -> ")[0] for line in contract.get("ignore_imports", [])}
    assert ignored <= ({"entact.analysis.plan"} if room == "analysis" else set())


def test_every_pure_room_is_held_to_purity() -> None:
    pure = {f"entact.{room}" for room in ROOMS if room not in ON_TOP}
    assert set(CONTRACTS["pure"]["source_modules"]) == pure


def test_only_the_rooms_on_top_are_excused_from_strictness() -> None:
    excused = set(SETTINGS["tool"]["mypy"]["overrides"][0]["module"])
    assert SETTINGS["tool"]["mypy"]["strict"] is True
    assert SETTINGS["tool"]["mypy"]["files"] == ["src/entact"]
    assert excused == {f"entact.{room}.*" for room in ON_TOP}
    ignored = SETTINGS["tool"]["ruff"]["lint"]["per-file-ignores"]
    free = {pattern for pattern, rules in ignored.items() if "TID251" in rules and pattern.startswith("src")}
    assert free == {f"src/entact/{room}/**" for room in ON_TOP}


def test_the_front_door_loads_no_room() -> None:
    assert rooms_loaded_by("import entact") == set()


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ON_TOP])
def test_a_pure_room_loads_only_what_it_may_know(room: str) -> None:
    allowed, todo = set(), {room}
    while todo:
        current = todo.pop()
        allowed.add(current)
        todo |= (MAY_KNOW[current] or set()) - allowed
    assert rooms_loaded_by(f"import entact.{room}") <= allowed


@pytest.mark.parametrize("name", sorted(set(entact.__all__) - {"__version__"}))
def test_the_front_door_leads_to_the_room(name: str) -> None:
    assert callable(getattr(entact, name))


def test_the_front_door_refuses_what_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'unblind'"):
        entact.unblind  # noqa: B018


def test_the_lock_names_no_index_and_every_file_is_hashed() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "index-url" not in lock
    pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert not (ROOT / "uv.lock").exists()


def test_every_direct_dependency_says_what_it_is_for_and_is_locked() -> None:
    project = SETTINGS["project"]
    direct = project["dependencies"] + project["optional-dependencies"]["dev"]
    lines = {line.strip() for line in (ROOT / "pyproject.toml").read_text().splitlines()}
    lock = (ROOT / "requirements.lock").read_text()
    for requirement in direct:
        (line,) = [line for line in lines if line.startswith(f'"{requirement}",')]
        assert "  # " in line, f"{requirement}: say what it is for"
        name = requirement.split(">=")[0].split("[")[0].replace(".", "-")
        assert f"\n{name}==" in f"\n{lock}".replace("[binary]", ""), f"{requirement}: run make lock"


def values_that_may_change(room: str) -> Iterator[str]:
    """The dataclasses and structs of a room that are not frozen."""
    for path in (HOUSE / room).rglob("*.py"):
        for one in ast.walk(ast.parse(path.read_text())):
            if not isinstance(one, ast.ClassDef):
                continue
            made = [ast.unparse(decorator) for decorator in one.decorator_list]
            made = [decorator for decorator in made if "dataclass" in decorator]
            if any("Struct" in ast.unparse(base) for base in one.bases):
                made += [ast.unparse(keyword) for keyword in one.keywords] or [""]
            if made and not any("frozen=True" in said for said in made):
                yield one.name


@pytest.mark.parametrize("room", CHANGING)
def test_a_value_stays_as_it_was_made(room: str) -> None:
    assert sorted(values_that_may_change(room)) == sorted(CHANGING[room])
