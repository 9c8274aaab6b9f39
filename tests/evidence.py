"""`make evidence`: which test shows which requirement, and how it ended, written by the test run itself.

A test shows a requirement by its mark, `@pytest.mark.requirement("R03")`, or by its name, `test_r03_…`. With
`-p tests.evidence --evidence FOLDER` the tests that show one are run, and `evidence.md` and `evidence.json`
are written. A requirement that no test shows is in the matrix too, as one that is not shown.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REQUIREMENTS = Path(__file__).with_name("requirements.toml")
PROPERTY = "requirement"  # of a test's report; so it comes back from another process, too

_NAMED = re.compile(r"test_(r\d\d)_")


@dataclass
class Requirement:
    """One line of the matrix: what is to be shown, whence, and how each test that shows it ended."""

    id: str
    shows: str
    source: str
    tests: dict[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """`passed` when every test of it has passed, `failed`, or `not shown` when there is none."""
        if not self.tests:
            return "not shown"
        return "passed" if set(self.tests.values()) == {"passed"} else "failed"


def read_requirements() -> dict[str, Requirement]:
    """Every requirement by its id."""
    data = tomllib.loads(REQUIREMENTS.read_text())
    return {name: Requirement(name, one["shows"], one["from"]) for name, one in data.items()}


@cache
def _known() -> frozenset[str]:
    return frozenset(read_requirements())


def shown_by(item: pytest.Item) -> list[str]:
    """The requirements that a test shows.

    Raises:
        pytest.UsageError: when it names one that there is not.
    """
    marked = [str(name) for mark in item.iter_markers(PROPERTY) for name in mark.args]
    named = [found[1].upper() for found in [_NAMED.match(item.name)] if found]
    names = list(dict.fromkeys([*named, *marked]))
    for name in names:
        if name not in _known():
            raise pytest.UsageError(f"{item.nodeid} shows {name!r}, which {REQUIREMENTS.name} does not know")
    return names


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--evidence", type=Path, required=False, help="folder for the matrix of requirements")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--evidence") is not None:
        config.pluginmanager.register(Evidence(config), "evidence-of-requirements")


class Evidence:
    """Collects what tests show and how they end; the process that runs no tests itself writes it down."""

    def __init__(self, config: pytest.Config) -> None:
        self.folder = Path(config.getoption("--evidence"))
        self.writes = not hasattr(config, "workerinput")
        self.requirements = read_requirements()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        shown = {item: shown_by(item) for item in items}
        for item, names in shown.items():
            item.user_properties.extend((PROPERTY, name) for name in names)
        rest = [item for item, names in shown.items() if not names]
        config.hook.pytest_deselected(items=rest)
        items[:] = [item for item, names in shown.items() if names]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for key, name in report.user_properties:
            if key == PROPERTY:
                self._note(self.requirements[str(name)], report)

    def _note(self, requirement: Requirement, report: pytest.TestReport) -> None:
        """A test has passed when it ran and nothing failed, neither before nor after it."""
        before = requirement.tests.get(report.nodeid)
        if report.outcome != "passed":
            requirement.tests[report.nodeid] = report.outcome
        elif report.when == "call" and before is None:
            requirement.tests[report.nodeid] = "passed"

    def pytest_sessionfinish(self) -> None:
        if self.writes:
            write_matrix(self.requirements.values(), self.folder)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        counted = [one.result for one in self.requirements.values()]
        told = ", ".join(f"{counted.count(result)} {result}" for result in dict.fromkeys(counted))
        terminalreporter.write_line(f"requirements: {told}; see {self.folder / 'evidence.md'}")


def write_matrix(requirements: Iterable[Requirement], folder: Path) -> None:
    """Writes the matrix for people and for programs."""
    from entact import __version__

    rows = list(requirements)
    folder.mkdir(parents=True, exist_ok=True)
    made_with = {
        "entact": __version__,
        "python": platform.python_version(),
        "system": f"{sys.platform} {platform.machine()}",
    }
    content = {
        "made_with": made_with,
        "requirements": [
            {"id": one.id, "shows": one.shows, "from": one.source, "result": one.result, "tests": one.tests}
            for one in rows
        ],
    }
    (folder / "evidence.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    (folder / "evidence.md").write_text("\n".join(_markdown(rows, made_with)) + "\n")


def _markdown(rows: list[Requirement], made_with: dict[str, str]) -> Iterable[str]:
    yield "# Requirements, tests, results"
    yield ""
    yield (
        "Written by the test run, with "
        + ", ".join(f"{name} {value}" for name, value in made_with.items())
        + "."
    )
    yield ""
    yield "| | a test shows | from | tests | result |"
    yield "| --- | --- | --- | ---: | --- |"
    for one in rows:
        yield f"| {one.id} | {one.shows} | {one.source} | {len(one.tests)} | {one.result} |"
    for one in rows:
        if one.tests:
            yield from ("", f"## {one.id}", "")
            yield from (f"- {outcome}: `{test}`" for test, outcome in sorted(one.tests.items()))
