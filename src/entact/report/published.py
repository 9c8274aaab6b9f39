"""Published results of a study as data: each value with its source, and how well it is confirmed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from entact.datasets import Codebook

FILE = "published.yaml"
ALL = "all"  # instead of an arm: participants of all arms together

DISPOSITION: frozenset[str] = frozenset(
    {
        *("consented", "screen_failures", "not_entered", "randomised", "enrolled", "treated"),
        *("all_sessions", "stopped_treatment", "left_study", "without_primary_outcome"),
    }
)
"""Rows of the disposition that may be published."""

Place = tuple[str, ...]
_BY_VISIT = ("scores", "changes", "shares")

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
    """The first arm minus the second: `d` standardised, `difference` of raw means, `model` by the plan's.

    A publication often prints `d` without its sign; here it has that of the difference.
    """

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


def misfits(published: Published, book: Codebook) -> Iterator[tuple[Place, str]]:
    """What keeps published results from standing beside those of a study: each with its place in the file.

    Args:
        book: of the study. What it has no row for would be left out without a word.
    """
    if published.study != book.study:
        yield ("study",), f"these published results are of {published.study!r}, not of {book.study!r}"
    for name in published.effects:
        yield from _absent(("effects", name), "endpoint", book.endpoints)
    known = _names(book)
    arms = {*book.arms, *book.populations, ALL}
    named: dict[Place, tuple[str, Iterable[str]]] = {}  # by its place, each name once
    for path, row in _rows(published):
        own = path[:2] if path[0] in _BY_VISIT else path
        if own[:-1] in known:
            named[own] = known[own[:-1]]
        if own != path:
            named[path] = "visit", book.visits
        named |= {(*path, arm): ("arm", arms) for arm in row.arms}
    for path, (what, names) in named.items():
        yield from _absent(path, what, names)


def _names(book: Codebook) -> dict[Place, tuple[str, Collection[str]]]:
    """By the place of a block: what its keys name, and which there are."""
    interests = {term.special_interest for term in book.terms.values() if term.special_interest}
    return {
        ("disposition",): ("row of the disposition", DISPOSITION),
        ("scores",): ("score", book.parameters),
        ("changes",): ("endpoint", book.endpoints),
        ("shares",): ("endpoint", book.endpoints),
        ("events", "terms"): ("event term", book.terms),
        ("events", "interest"): ("kind of special interest", interests),
    }


def _rows(published: Published) -> Iterator[tuple[Place, Means | Shares | Guesses]]:
    """Every row with its place."""
    for name, row in published.disposition.items():
        yield ("disposition", name), row
    for block, means in (("scores", published.scores), ("changes", published.changes)):
        for name, by_visit in means.items():
            for visit, mean in by_visit.items():
                yield (block, name, visit), mean
    for name, shares in published.shares.items():
        for visit, share in shares.items():
            yield ("shares", name, visit), share
    events = published.events
    for block, terms in (("interest", events.interest), ("terms", events.terms)):
        for name, row in terms.items():
            yield ("events", block, name), row
    for block, told in (("any", events.any), ("serious", events.serious)):
        if told is not None:
            yield ("events", block), told
    for name, guesses in published.guesses.items():
        yield ("guesses", name), guesses


def _absent(path: Place, what: str, known: Iterable[str]) -> Iterator[tuple[Place, str]]:
    name, names = path[-1], sorted(known)
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"write one of: {', '.join(names) or 'none'}"
        yield path, f"there is no {what} {name!r}; {hint}"


def require_fit(published: Published, book: Codebook) -> None:
    """Says what keeps published results from standing beside those of a study.

    Raises:
        PublishedError: when they are of another study, or name what it does not have.
    """
    found = [f"{FILE}: {'.'.join(path)}: {message}" for path, message in misfits(published, book)]
    if found:
        raise PublishedError("\n".join(found))
