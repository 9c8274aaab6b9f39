"""A plan run on frames: every result by its id, who entered it, and what it was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from entact.analysis.entered import Entered, Unusable, enter, polars
from entact.analysis.planned import Plan, Planned, Question
from entact.analysis.result import ARD, Estimates
from entact.analysis.vocabulary import read_plan

if TYPE_CHECKING:
    from entact.analysis.multiplicity import Adjusted

Standing = Literal["as planned", "changed", "post hoc", "not committed"]


@dataclass(frozen=True, slots=True)
class Analysed:
    """One analysis done.

    Attributes:
        result: None where there is none, and `why` says so. standing: whether the plan that was committed
            before unblinding says the same of it. adjusted: of its p, where it is tested with others.
        digests: SHA-256 of the data it took, of what the plan says of it, of the allocation and of the code.
    """

    planned: Planned
    result: Estimates | None
    why: str | None
    entered: Entered
    standing: Standing
    adjusted: float | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def p(self) -> float | None:
        """Of its first estimate; None where there is no result, or no test."""
        return None if self.result is None else self.result[0].p

    @property
    def id(self) -> str:
        """Its name in the plan."""
        return self.planned.id

    def to_ard(self) -> pl.DataFrame:
        """One row a statistic: `analysis`, `estimand`, `set`, `standing` before the columns of `ARD`."""
        if self.result is None:
            row = ("", "", "", "", "estimate", None, self.why or "")
            found = pl.DataFrame([row], schema=ARD, orient="row")
        else:
            found = self.result.to_ard()
        people = [
            ("", "", "", arm, "participants", float(n), str(n))
            for arm, n in self.entered.participants.items()
        ]
        out: list[tuple[str, str, str, str, str, float | None, str]]
        out = [("", "", "", "", "left out", float(one.rows), one.why) for one in self.entered.left_out]
        out += [
            ("", "", "", "", "values after event", float(one.values), str(one)) for one in self.entered.events
        ]
        out += [("", "", "", "", "note", None, one) for one in self.entered.notes]
        if self.adjusted is not None:
            out.append(("", "", "", "", "adjusted p", self.adjusted, ""))
        out += [("", "", "", "", f"SHA-256 of {what}", None, one) for what, one in self.digests.items()]
        found = pl.concat([found, pl.DataFrame([*people, *out], schema=ARD, orient="row")])
        about = {
            "analysis": self.id,
            "estimand": self.planned.estimand,
            "set": self.planned.set,
            "standing": self.standing,
        }
        return found.select(*[pl.lit(value).alias(name) for name, value in about.items()], pl.all())

    def __str__(self) -> str:
        head = f"{self.id} ({self.planned.estimand}, {self.planned.set}; {self.standing})"
        body = str(self.result) if self.result is not None else f"No result: {self.why}"
        adjusted = "" if self.adjusted is None else f"\nadjusted p: {self.adjusted:.4g}"
        return f"{head}\n{body}{adjusted}\n{self.entered}"


@dataclass(frozen=True, slots=True)
class Analyses(Mapping[str, Analysed]):
    """Every result by its id.

    Attributes:
        digests: SHA-256 of data, plan, allocation and code, by these names. dry: whether arms are made up.
        together: those that are tested together, where the plan says so.
    """

    found: tuple[Analysed, ...]
    digests: Mapping[str, str]
    dry: bool = False
    together: Adjusted | None = None

    def __getitem__(self, name: str) -> Analysed:
        for one in self.found:
            if one.id == name:
                return one
        raise KeyError(f"there is no analysis {name!r}; there are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return (one.id for one in self.found)

    def __len__(self) -> int:
        return len(self.found)

    def to_ard(self) -> pl.DataFrame:
        """Analysis results data of all, one row a statistic."""
        if not self.found:
            about = ("analysis", "estimand", "set", "standing")
            return pl.DataFrame(schema={**dict.fromkeys(about, pl.String), **ARD})
        return pl.concat([one.to_ard() for one in self.found])

    def __str__(self) -> str:
        head = ["DRY RUN: arms are made up\n"] if self.dry else []
        made = [f"{name}: {digest[:16]}" for name, digest in self.digests.items()]
        tested = [] if self.together is None else [f"Tested together: {self.together}\n"]
        return "\n".join([*head, *(f"{one}\n" for one in self.found), *tested, *made])


def analyse(
    plan: Any,
    frames: Any,
    *,
    allocation: Mapping[str, str] | None = None,
    dry: bool = False,
    committed: Mapping[str, str] | None = None,
) -> Analyses:
    """Every analysis of a plan, done on the rows that it says.

    Args:
        plan: a `Plan`, as `entact.analysis.plan.plan_of` makes of a study file; a release of a study, which
            holds that file; or what a plan file says, as plain data.
        frames: a Polars or pandas frame, one row for each participant and visit; or a mapping from each
            analysis's id to its own.
        allocation: participant -> arm, where the frames hold none. dry: whether these arms are made up.
        committed: analysis id -> digest, of the plan as it was committed before unblinding.
    Raises:
        ValueError: when the frames lack what the plan speaks of. What keeps one analysis from a result is
            said in its place, and the others are done. TypeError: when the plan is none.
    """
    if not isinstance(plan, Plan | Mapping):
        from entact.analysis.plan import plan_of_release

        plan = plan_of_release(plan)
    elif not isinstance(plan, Plan):
        plan = read_plan(plan)
    many = {name: polars(one) for name, one in frames.items()} if isinstance(frames, Mapping) else None
    single = None if many is not None else polars(frames)
    found, seen = [], hashlib.sha256()
    allocated: set[tuple[str, str]] = set()
    own: dict[str, str] = {}
    if single is not None:
        seen.update(_bytes(single))
    for planned in plan.analyses:
        frame = single
        if many is not None:
            if planned.id not in many:
                raise ValueError(f"there is no frame for the analysis {planned.id!r}")
            frame = many[planned.id]
            whole = _bytes(frame)
            seen.update(whole)
            own[planned.id] = hashlib.sha256(whole).hexdigest()
        assert frame is not None
        allocated |= _allocated(plan, frame, allocation)
        found.append(_one(plan, planned, frame, allocation, committed))
    digests = {"data": seen.hexdigest(), "plan": plan.digest, "code": code_digest()}
    if allocated:
        pairs = "\n".join(f"{who}\t{arm}" for who, arm in sorted(allocated))
        digests["allocation"] = hashlib.sha256(pairs.encode()).hexdigest()
    found = [
        replace(one, digests=digests | {"data": own.get(one.id, digests["data"]), "plan": one.planned.digest})
        for one in found
    ]
    if plan.family is None:
        return Analyses(tuple(found), digests, dry)
    together = plan.family.test({one.id: one.p for one in found})
    adjusted = tuple(replace(one, adjusted=together.adjusted.get(one.id)) for one in found)
    return Analyses(adjusted, digests, dry, together)


def _allocated(plan: Plan, frame: pl.DataFrame, allocation: Mapping[str, str] | None) -> set[tuple[str, str]]:
    """Who is in which arm: as it was given, else as the frame has it."""
    if allocation is not None:
        return {(str(who), str(arm)) for who, arm in allocation.items()}
    names = [plan.columns.get(role, role) for role in ("participant", "arm")]
    if not set(names) <= set(frame.columns):
        return set()
    who, arms = (frame[name].cast(pl.String).to_list() for name in names)
    return {(one, arm) for one, arm in zip(who, arms, strict=True) if one is not None and arm is not None}


def dummy_allocation(participants: list[str], arms: list[str], *, seed: int) -> dict[str, str]:
    """Arms for a dry run: as equal as can be, in an order that has nothing to do with the true one."""
    many = [arms[place % len(arms)] for place in range(len(participants))]
    order = np.random.default_rng(seed).permutation(len(many))
    return {who: many[place] for who, place in zip(sorted(participants), order, strict=True)}


def _one(
    plan: Plan,
    planned: Planned,
    frame: pl.DataFrame,
    allocation: Mapping[str, str] | None,
    committed: Mapping[str, str] | None,
) -> Analysed:
    try:
        rows, entered = enter(plan, planned, frame, allocation)
    except (Unusable, pl.exceptions.PolarsError) as problem:
        nobody = Entered(0, {}, ())
        return Analysed(planned, None, str(problem), nobody, _standing(planned, committed))
    standing = _standing(planned, committed)
    try:
        found = planned.method.answer(rows, planned.question)
        notes = _ignored(planned.question, found)
        entered = replace(entered, notes=(*entered.notes, *notes))
        return Analysed(planned, found, None, entered, standing)
    except np.linalg.LinAlgError:  # a ValueError too, in words of matrices
        why = "the rows do not determine it: some of what the model asks of them cannot be told apart"
        return Analysed(planned, None, why, entered, standing)
    except ValueError as problem:
        return Analysed(planned, None, str(problem), entered, standing)
    except pl.exceptions.PolarsError as problem:
        why = f"the rows do not hold what {planned.said.get('method', 'the method')} needs: {problem}"
        return Analysed(planned, None, why, entered, standing)
    except ArithmeticError as problem:
        why = f"the values are too large or too small to be calculated with: {problem}"
        return Analysed(planned, None, why, entered, standing)


def _ignored(question: Question, found: Estimates) -> list[str]:
    """Notes of a margin that is not used, as nothing is tested.

    Raises:
        ValueError: for a margin or a side that the method does not know: its p would be that of another test.
    """
    tested = [one for one in found if one.p is not None]
    if not tested:
        null = question.null
        return [] if null is None else [f"nothing is tested here: `null`, {null:g}, is not used"]
    if question.null is not None and all(one.null != question.null for one in tested):
        known = "nothing else" if tested[0].null is None else f"{tested[0].null:g} alone"
        raise ValueError(f"this is tested against {known}, and `null` says {question.null:g}; take it out")
    if question.side != "two_sided" and all(one.side != question.side for one in tested):
        raise ValueError(f"this is tested on both sides alone, and `side` says {question.side}; take it out")
    return []


def _standing(planned: Planned, committed: Mapping[str, str] | None) -> Standing:
    if committed is None:
        return "not committed"
    if planned.id not in committed:
        return "post hoc"
    return "as planned" if committed[planned.id] == planned.digest else "changed"


def _bytes(frame: pl.DataFrame) -> bytes:
    for name, kind in frame.schema.items():
        if kind.is_nested() or kind == pl.Object:
            raise ValueError(f"column {name!r} holds {kind}: a cell of a table holds one value")
    head = ",".join(f"{name}:{kind}" for name, kind in frame.schema.items())
    plain = frame
    if any(kind == pl.Duration or kind in (pl.Binary, pl.Null) for kind in frame.schema.values()):
        plain = frame.with_columns(
            pl.col(pl.Duration).cast(pl.Int64),
            pl.col(pl.Binary).bin.encode("hex"),
            pl.col(pl.Null).cast(pl.String),
        )
    return f"{head}\n{plain.write_csv()}".encode()


@cache
def code_digest() -> str:
    """SHA-256 of the source of `entact.analysis`."""
    seen = hashlib.sha256()

    def walk(folder: Any) -> None:
        for entry in sorted(folder.iterdir(), key=lambda one: str(one.name)):
            if entry.is_dir() and entry.name != "__pycache__":
                walk(entry)
            elif entry.name.endswith(".py"):
                seen.update(entry.name.encode() + b"\0" + entry.read_bytes())

    walk(files("entact.analysis"))
    return seen.hexdigest()
