"""What a plan may say, word by word, and the objects that it means. What is not here is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from entact.analysis.methods import (
    DIFFERENCES,
    RATIOS,
    AnalysisOfCovariance,
    Describe,
    ExactShares,
    MantelHaenszel,
    MixedModel,
    Shares,
)
from entact.analysis.planned import ROLES, Cell, Method, Plan, Planned, Question, Where
from entact.analysis.result import SIDES

Path = tuple[str | int, ...]

COVARIANCES = (
    *("ante_dependence", "auto_regressive", "compound_symmetry", "spatial_exponential"),
    *("spatial_gaussian", "toeplitz", "unstructured"),
)
DEGREES = ("kenward_roger", "satterthwaite")


class PlanError(ValueError):
    """A plan that cannot be run: each fault by its place in the plan."""

    def __init__(self, faults: list[tuple[Path, str]]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{'.'.join(map(str, path))}: {message}" for path, message in faults))


@dataclass(frozen=True, slots=True)
class Word:
    """A method's word: what it answers, which keys it takes and needs, and the object that it makes."""

    answers: str
    make: Callable[[Mapping[str, Any]], Method]
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    pair: bool = True


def _strata(said: Mapping[str, Any]) -> tuple[str, ...]:
    own = said.get("strata", ())
    return (own,) if isinstance(own, str) else tuple(own)


METHODS: dict[str, Word] = {
    "describe": Word(
        "n, mean, SD, median and interval; of a yes or no the share with its exact interval",
        lambda said: Describe(),
        pair=False,
    ),
    "ancova": Word(
        "difference of adjusted means at a visit, by least squares",
        lambda said: AnalysisOfCovariance(said["fixed"], said.get("pool_sites_below")),
        ("fixed", "pool_sites_below"),
        ("fixed",),
    ),
    "mmrm": Word(
        "difference of adjusted means at a visit, by a mixed model for repeated measures",
        lambda said: MixedModel(
            said["fixed"],
            said.get("covariance", "unstructured"),
            said.get("df", "kenward_roger"),
            said.get("pool_sites_below"),
        ),
        ("fixed", "pool_sites_below", "covariance", "df"),
        ("fixed",),
    ),
    "proportion": Word(
        "difference of shares, with Newcombe's interval unless `interval` says another",
        lambda said: Shares("difference", said.get("interval"), _strata(said)),
        ("interval", "strata"),
    ),
    "risk_ratio": Word(
        "ratio of shares", lambda said: Shares("risk_ratio", said.get("interval")), ("interval",)
    ),
    "odds_ratio": Word(
        "ratio of odds", lambda said: Shares("odds_ratio", said.get("interval")), ("interval",)
    ),
    "number_needed": Word(
        "number needed to treat for one more event",
        lambda said: Shares("number_needed", said.get("interval")),
        ("interval",),
    ),
    "fisher": Word(
        "Fisher's exact test, with the conditional odds ratio", lambda said: ExactShares("fisher")
    ),
    "barnard": Word("Barnard's exact test of two shares", lambda said: ExactShares("barnard")),
    "boschloo": Word("Boschloo's exact test of two shares", lambda said: ExactShares("boschloo")),
    "mantel_haenszel": Word(
        "common risk difference of strata",
        lambda said: MantelHaenszel(_strata(said)),
        ("strata",),
        ("strata",),
    ),
    "cmh": Word(
        "Cochran-Mantel-Haenszel test over strata",
        lambda said: MantelHaenszel(_strata(said), test=True),
        ("strata",),
        ("strata",),
    ),
}
"""Every word that `method` may be."""

_ALWAYS = (
    *("method", "value", "rows", "set", "estimand", "contrast", "at", "alpha", "level", "null", "side"),
    *("endpoint", "title"),
)
_CHOICES: dict[str, tuple[str, ...]] = {"covariance": COVARIANCES, "df": DEGREES, "side": SIDES}
_TOP = ("columns", "visits", "arms", "sets", "analyses", "title")


def read_plan(said: Mapping[str, Any]) -> Plan:
    """A plan of plain data, as a file says it.

    Args:
        said: `analyses`, by name; `columns`, role -> column; `visits` and `arms` in their order; `sets`,
            name -> column -> value or values.
    Raises:
        PlanError: for everything that is wrong with it, each with its place.
    """
    faults: list[tuple[Path, str]] = []
    for key in said:
        if key not in _TOP:
            faults.append(((key,), unknown("key", key, _TOP)))
    columns = _mapping(said.get("columns", {}), ("columns",), faults)
    for role in columns:
        if role not in ROLES:
            faults.append((("columns", role), unknown("role of a column", role, ROLES)))
    visits = _names(said.get("visits", ()), ("visits",), faults)
    arms = _names(said.get("arms", ()), ("arms",), faults)
    sets = {
        name: _where(own, ("sets", name), faults)
        for name, own in _mapping(said.get("sets", {}), ("sets",), faults).items()
    }
    analyses = _mapping(said.get("analyses", {}), ("analyses",), faults)
    if not analyses:
        faults.append((("analyses",), "there is no analysis; name at least one"))
    planned = [
        one
        for name, own in analyses.items()
        for one in _analysis(name, own, sets, visits, arms, ("analyses", name), faults)
    ]
    if faults:
        raise PlanError(faults)
    return Plan(tuple(planned), {k: str(v) for k, v in columns.items()}, visits, sets, said)


def _analysis(
    name: str,
    said: Any,
    sets: Mapping[str, Where],
    visits: tuple[str, ...],
    arms: tuple[str, ...],
    path: Path,
    faults: list[tuple[Path, str]],
) -> Iterator[Planned]:
    own = _mapping(said, path, faults)
    before = len(faults)
    method = own.get("method")
    if method is None:
        faults.append((path, f"has no method; write one of: {', '.join(METHODS)}"))
        return
    if method not in METHODS:
        faults.append(((*path, "method"), unknown("method", str(method), METHODS)))
        return
    word = METHODS[method]
    for key, value in own.items():
        if key not in (*_ALWAYS, *word.keys):
            faults.append(((*path, key), unknown(f"key of {method}", key, (*_ALWAYS, *word.keys))))
        elif key in _CHOICES and value not in _CHOICES[key]:
            faults.append(((*path, key), unknown(key, str(value), _CHOICES[key])))
    for key in word.needs:
        if key not in own:
            faults.append((path, f"{method} needs {key!r}"))
    if "interval" in own:
        known = tuple(RATIOS if method.endswith("ratio") else DIFFERENCES)
        if own["interval"] not in known:
            faults.append(((*path, "interval"), unknown("interval", str(own["interval"]), known)))
        elif _strata(own) and own["interval"] != "miettinen_nurminen":
            message = "is not known with strata; write miettinen_nurminen, or take it out"
            faults.append(((*path, "interval"), message))
    if sets and "set" in own and own["set"] not in sets:
        faults.append(((*path, "set"), unknown("analysis set", str(own["set"]), sets)))
    alpha = _number(own, "alpha", 0.05, (0, 1), path, faults)
    level = _number(own, "level", 0.95, (0, 1), path, faults)
    null = _number(own, "null", None, None, path, faults)
    pair, at = _contrast(own, visits, arms, path, faults)
    if word.pair and "contrast" not in own:
        faults.append(
            (path, f"{method} compares two arms; write `contrast`, as in 'mdma - placebo at week 18'")
        )
    where = _where(own.get("rows", {}), (*path, "rows"), faults)
    if len(faults) > before:
        return
    assert alpha is not None
    assert level is not None
    yield Planned(
        name,
        word.make(own),
        Question(pair, at, level, null, own.get("side", "two_sided")),
        own.get("value"),
        where,
        str(own.get("set", "all")),
        str(own.get("estimand", "observed")),
        alpha,
        dict(own),
    )


def _contrast(
    said: Mapping[str, Any],
    visits: tuple[str, ...],
    arms: tuple[str, ...],
    path: Path,
    faults: list[tuple[Path, str]],
) -> tuple[tuple[str, str] | None, str | None]:
    text, at = said.get("contrast"), said.get("at")
    pair: tuple[str, str] | None = None
    if text is not None:
        text = str(text)
        head, found, visit = text.rpartition(" at ")
        if found and (not visits or visit in visits):
            text, at = head, at or visit
        splits = [tuple(part) for part in _splits(text)]
        known = [one for one in splits if not arms or (one[0] in arms and one[1] in arms)]
        if not known:
            of = f"; the arms are {', '.join(arms)}" if arms else ""
            message = f"{text!r} is no contrast; write it as in 'mdma - placebo at week 18'{of}"
            faults.append(((*path, "contrast"), message))
        elif len(known) > 1:
            message = f"{text!r} can be read in {len(known)} ways; say the names of the `arms` at the top"
            faults.append(((*path, "contrast"), message))
        elif known[0][0] == known[0][1]:
            faults.append(((*path, "contrast"), f"compares {known[0][0]} with itself; name two arms"))
        else:
            pair = known[0][0], known[0][1]
    if at is not None and visits and at not in visits:
        faults.append(((*path, "at" if "at" in said else "contrast"), unknown("visit", str(at), visits)))
    return pair, None if at is None else str(at)


def _splits(text: str) -> Iterator[list[str]]:
    parts = text.split(" - ")
    for place in range(1, len(parts)):
        yield [" - ".join(parts[:place]).strip(), " - ".join(parts[place:]).strip()]


def _number(
    said: Mapping[str, Any],
    key: str,
    default: float | None,
    within: tuple[float, float] | None,
    path: Path,
    faults: list[tuple[Path, str]],
) -> float | None:
    value = said.get(key, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.append(((*path, key), f"{value!r} is not a number"))
        return default
    if within is not None and not within[0] < value < within[1]:
        faults.append(((*path, key), f"{value:g} does not lie between {within[0]:g} and {within[1]:g}"))
    return float(value)


def _where(said: Any, path: Path, faults: list[tuple[Path, str]]) -> Where:
    where: dict[str, Cell | tuple[Cell, ...]] = {}
    for column, value in _mapping(said, path, faults).items():
        values = value if isinstance(value, list | tuple) else [value]
        if not values or not all(isinstance(one, str | int | float | bool) for one in values):
            faults.append(
                ((*path, column), f"{value!r} is no value of a column; write one, or a list of them")
            )
        else:
            where[column] = tuple(values) if isinstance(value, list | tuple) else value
    return where


def _names(said: Any, path: Path, faults: list[tuple[Path, str]]) -> tuple[str, ...]:
    if not isinstance(said, list | tuple):
        faults.append((path, f"{said!r} is no list; write the names in their order, as in [week 4, week 8]"))
        return ()
    names = tuple(str(one) for one in said)
    for place, one in enumerate(names):
        if one in names[:place]:
            faults.append(((*path, place), f"{one!r} stands twice"))
    return names


def _mapping(said: Any, path: Path, faults: list[tuple[Path, str]]) -> Mapping[str, Any]:
    if isinstance(said, Mapping):
        return said
    faults.append((path, f"{said!r} is no block of keys and values"))
    return {}


def unknown(what: str, name: str, known: Any) -> str:
    """The message for a word that is none: with the nearest one, or with those there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"there is no {what} {name!r}; did you mean {near[0]!r}?"
    return f"there is no {what} {name!r}; write one of: {', '.join(names)}"
