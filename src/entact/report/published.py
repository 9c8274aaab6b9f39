"""Published results of a study as data: each value with its source, and how well it is confirmed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

FILE = "published.yaml"
ALL = "all"  # instead of an arm: participants of all arms together

Confidence = Literal["read", "read-secondary", "derived", "mixed", "memory"]
ASSUMED: frozenset[str] = frozenset({"mixed", "memory"})


class PublishedError(ValueError):
    """A file of published results that cannot be used; the message names the file and the field."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mean(_Part):
    """Number, mean and standard deviation of one arm, as far as they are published."""

    mean: float
    sd: float | None = None
    n: int | None = None


class Share(_Part):
    """Participants among those counted, written `14/42`; a bare number is a count alone."""

    events: int = Field(ge=0)
    n: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _is_a_part(self) -> Share:
        if self.n is not None and self.events > self.n:
            raise ValueError(f"{self.events}/{self.n} is more than all; write the events first, as in 14/42")
        return self


def _share(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return Share(events=value)
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", value)
        if found is None:
            raise ValueError(f"{value!r} is no share; write it as in 14/42")
        return Share(events=int(found[1]), n=int(found[2]))
    return value


class Guessed(_Part):
    """Guesses in one arm."""

    correct: int = Field(ge=0)
    wrong: int = Field(ge=0)
    unknown: int = Field(ge=0)


class _Said(BaseModel):
    """A published row: arms (or `all`) with their values, the source and how well it is confirmed.

    `remark`: what a reader has to know before comparing it.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    source: str
    confidence: Confidence
    remark: str | None = None

    @property
    def is_assumed(self) -> bool:
        return self.confidence in ASSUMED


class Means(_Said):
    __pydantic_extra__: dict[str, Mean]

    @property
    def arms(self) -> Mapping[str, Mean]:
        return self.__pydantic_extra__


class Shares(_Said):
    __pydantic_extra__: dict[str, Annotated[Share, BeforeValidator(_share)]]

    @property
    def arms(self) -> Mapping[str, Share]:
        return self.__pydantic_extra__


class Guesses(_Said):
    __pydantic_extra__: dict[str, Guessed]

    @property
    def arms(self) -> Mapping[str, Guessed]:
        return self.__pydantic_extra__


class Effect(_Part):
    """One number between the arms, with its interval where that is published."""

    value: float
    low: float | None = None
    high: float | None = None
    source: str
    confidence: Confidence

    @property
    def is_assumed(self) -> bool:
        return self.confidence in ASSUMED


class Effects(_Part):
    """`d`: standardised difference; `difference`: of raw means; `model`: by the model of the plan."""

    d: Effect | None = None
    difference: Effect | None = None
    model: Effect | None = None


class Events(_Part):
    """Participants with a treatment-emergent event."""

    any: Shares | None = None
    serious: Shares | None = None
    interest: dict[str, Shares] = {}
    terms: dict[str, Shares] = {}


class Published(_Part):
    """Published results of one study, keyed by the names of its study file."""

    study: str
    citation: str
    disposition: dict[str, Shares] = {}
    scores: dict[str, dict[str, Means]] = {}
    changes: dict[str, dict[str, Means]] = {}
    effects: dict[str, Effects] = {}
    shares: dict[str, dict[str, Shares]] = {}
    events: Events = Events()
    guesses: dict[str, Guesses] = {}

    @property
    def arms(self) -> set[str]:
        """Every arm that is named."""
        rows: list[Means | Shares | Guesses] = [*self.disposition.values(), *self.guesses.values()]
        for points in (*self.scores.values(), *self.changes.values()):
            rows += points.values()
        for shares in self.shares.values():
            rows += shares.values()
        rows += [*self.events.interest.values(), *self.events.terms.values()]
        rows += [row for row in (self.events.any, self.events.serious) if row is not None]
        return {arm for row in rows for arm in row.arms} - {ALL}


def load_published(study_or_path: str | Path) -> Published | None:
    """The published results of a shipped study, or in a file; None for a study of which none are published.

    Raises:
        PublishedError: when the file cannot be used, with the line or the field.
    """
    place = files("entact").joinpath("studies", str(study_or_path), FILE)
    path: Traversable = place if place.is_file() else Path(study_or_path)
    if not path.is_file():
        if isinstance(study_or_path, Path) or "/" in study_or_path:
            raise PublishedError(f"{study_or_path}: there is no such file")
        return None
    return parse_published(path.read_text(encoding="utf-8"), path.name)


def require_fit(published: Published, study: str, columns: Collection[str]) -> None:
    """Says what keeps published results from standing beside those of a study.

    Args:
        columns: the study's arms and populations.
    Raises:
        PublishedError: when they are of another study, or name an arm that it does not have.
    """
    if published.study != study:
        raise PublishedError(f"{FILE}: these published results are of {published.study!r}, not of {study!r}")
    strange = sorted(published.arms - {*columns})
    if strange:
        raise PublishedError(
            f"{FILE}: the published results name the arm {strange[0]!r}; there are {', '.join(columns)}"
        )


def parse_published(text: str, name: str) -> Published:
    """The published results in a text; `name` is what errors call it.

    Raises:
        PublishedError: when it is not YAML, or not such results.
    """
    try:
        return Published.model_validate(YAML(typ="safe").load(text))
    except MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise PublishedError(f"{name}:{line}: not YAML: {problem.problem}") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(step) for step in first["loc"]) or "the file"
        raise PublishedError(f"{name}: {field}: {first['msg'].removeprefix('Value error, ')}") from None
