"""What studies measure, and how it is known in a study file, whatever its forms are called.

`requirements/measures.yaml` says it: by instruments, by the engine's own activities, and by patterns for
names and titles. A form that is called otherwise says it itself: `measures: [ecg]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from entact.protocol.problem import Fault, unknown
from entact.protocol.source import read_source
from entact.protocol.study import StudyFile

FILE = "measures.yaml"


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no pattern: {error}") from None
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


class Closed(BaseModel):
    """A block of a list: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Measure(Closed):
    """How a study file is known to measure something, whatever its forms are called.

    Attributes:
        forms, items: patterns for the name or title of a form, or of one of its items. instruments: those
            that measure it. activities: of the engine's own. terms: patterns for a checklist's terms.
    """

    title: str
    forms: Pattern | None = None
    items: Pattern | None = None
    instruments: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    terms: Pattern | None = None


class Measures(Closed):
    """All measures, and the roles that lists speak of, by patterns for the names that studies give them."""

    measures: dict[str, Measure]
    roles: dict[str, Pattern]


@lru_cache(maxsize=1)
def read_measures() -> Measures:
    """Everything that lists speak of, as `measures.yaml` says it."""
    raw = files("entact.protocol").joinpath("requirements", FILE).read_bytes()
    return Measures.model_validate(read_source(raw, FILE).data)


def check_measures(file: StudyFile) -> Iterator[Fault]:
    """Forms that say they measure what no list knows."""
    if not any(form.measures for form in file.forms.values()):
        return
    known = read_measures().measures
    for name, form in file.forms.items():
        for place, measure in enumerate(form.measures):
            if measure not in known:
                yield Fault(("forms", name, "measures", place), unknown("measure", measure, known))
