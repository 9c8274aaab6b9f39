"""Items and scores of forms as tests of a domain: what every row of one says, and its place among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import Home, homes_of
from entact.datasets.sdtm.row import Value
from entact.protocol.release import Release


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """An item or score with its home, its place among the tests of its domain, and what every row says."""

    item: str
    home: Home
    place: int
    said: Mapping[str, Value]


class TestsOfDomain:
    """The tests of a domain that a release has.

    Attributes:
        said: of each what every row says. by_code, by_item: of each its place in the order of rows.
        group: of each a number of its own; one that is the same test of another form has the same.
    """

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self.said: list[Mapping[str, Value]] = []

    def add(self, item: str, home: Home, said: Mapping[str, Value]) -> Test:
        """One more test."""
        made = Test(item, home, len(self.tests), said)
        self.tests.append(made)
        self.said.append(said)
        return made

    def number(self) -> None:
        """Gives tests their places, when all are there."""
        prefix = self.tests[0].home.domain
        self.by_code = ranks([str(one[f"{prefix}TESTCD"]) for one in self.said])
        self.by_item = ranks([one.item for one in self.tests])
        names = (f"{prefix}TESTCD", f"{prefix}POS", f"{prefix}OBJ")
        self.group = ranks([tuple(str(one.get(name)) for name in names) for one in self.said])


@dataclass(frozen=True, slots=True)
class Tests:
    """Items and scores that become findings.

    Attributes:
        by_form: of each form its domains, each with its tests, and of the first what stands for all of them.
    """

    by_form: Mapping[str, tuple[tuple[str, tuple[Test, ...], Test | None], ...]]
    of_domain: Mapping[str, TestsOfDomain]


@cache
def tests_of(release: Release) -> Tests:
    """Each form's items and scores that become findings."""
    of_domain: dict[str, TestsOfDomain] = {}
    by_form = {}
    for form, homes in homes_of(release).by_form.items():
        if form not in release.forms:
            continue
        asked: dict[str, list[Test]] = {}
        wholes: dict[str, Test] = {}
        for item, home in homes.items():
            tests = of_domain.setdefault(home.domain, TestsOfDomain())
            if not wholes:
                wholes[home.domain] = tests.add("all", home, _of_whole(home))
            asked.setdefault(home.domain, []).append(tests.add(item, home, _of_test(home)))
        by_form[form] = tuple((one, tuple(tests), wholes.get(one)) for one, tests in asked.items())
    for one in of_domain.values():
        one.number()
    return Tests(by_form, of_domain)


def _of_whole(home: Home) -> Mapping[str, Value]:
    """What is said of all tests of a form that was not done."""
    prefix = home.domain
    return {
        f"{prefix}TESTCD": f"{prefix}ALL",
        f"{prefix}TEST": f"All {prefix} tests of the form",
        f"{prefix}CAT": home.category or None,
    }


def _of_test(home: Home) -> Mapping[str, Value]:
    """What is said of a test alone."""
    prefix = home.domain
    said: dict[str, Value] = {
        f"{prefix}TESTCD": home.code,
        f"{prefix}TEST": home.name,
        f"{prefix}CAT": home.category or None,
        f"{prefix}DRVFL": "Y" if home.derived else None,
        f"{prefix}POS": home.position or None,
        f"{prefix}OBJ": home.about or None,
    }
    return of_guide(prefix, said)


def of_guide(prefix: str, values: dict[str, Value]) -> dict[str, Value]:
    """Without what is nothing and has no variable: of some domains there is no numeric result, or no flag."""
    variables = domain(prefix).variables
    return {name: said for name, said in values.items() if said is not None or name in variables}


def ranks(keys: Sequence[Any]) -> NDArray[np.intp]:
    """The place of each key among all of them; of equal ones the same."""
    place = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], np.intp)
