"""From a fitted model to tests of linear functions of its coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import fdtrc, stdtr, stdtrit

from entact.analysis.mmrm import kenward_roger, satterthwaite
from entact.analysis.mmrm.model import Fitted, Model
from entact.analysis.mmrm.sandwich import Kind, Sandwich
from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True)
class KenwardRoger:
    """Kenward & Roger's adjusted covariance and degrees of freedom.

    `KenwardRoger()` agrees with SAS `ddfm=kr`: for structures linear in SAS's parameters nothing depends on
    the parametrisation; for the others it is the second-order form in SAS's. `linear=True` is SAS
    `ddfm=kr(linear)` and R mmrm's `Kenward-Roger-Linear`; `convention="mmrm"` is R mmrm's `Kenward-Roger`,
    whose standard errors depend on how mmrm writes the covariance.
    """

    linear: bool = False
    convention: kenward_roger.Convention = "sas"

    def __post_init__(self) -> None:
        if self.convention not in ("sas", "mmrm"):
            raise ValueError(f'convention must be "sas" or "mmrm", not {self.convention!r}')
        if not isinstance(self.linear, bool):
            raise ValueError(f"linear must be True or False, not {self.linear!r}")

    @property
    def title(self) -> str:
        own = ", in R mmrm's parametrisation" if self.convention == "mmrm" else ""
        return "Kenward-Roger" + (", linear" if self.linear else own)


@dataclass(frozen=True)
class Satterthwaite:
    """Satterthwaite's degrees of freedom, with the model-based (or an empirical) covariance."""

    title = "Satterthwaite"


@dataclass(frozen=True)
class BetweenWithin:
    """Degrees of freedom by whether a coefficient's column changes within participants (SAS `ddfm=bw`)."""

    title = "between-within"


@dataclass(frozen=True)
class Residual:
    """Values used less the rank of the model matrix (SAS `ddfm=residual`)."""

    title = "residual"


Freedom = KenwardRoger | Satterthwaite | BetweenWithin | Residual
NO_ML = (
    "Kenward-Roger's adjustment is derived for REML and can't go with ML: use REML, or df=Satterthwaite(), "
    "BetweenWithin() or Residual()"
)


def check_freedom(df: object, *known: type) -> None:
    """A ValueError unless df is one of these methods (all of them if none is named)."""
    allowed = known or (KenwardRoger, Satterthwaite, BetweenWithin, Residual)
    if isinstance(df, allowed):
        return
    ways = ", ".join(f"{one.__name__}()" for one in allowed)
    instead = f"; write {df.__name__}()" if isinstance(df, type) and df in allowed else ""
    raise ValueError(f"df must be one of {ways}, not {df!r}{instead}")


@dataclass(frozen=True)
class Joint:
    """An F test of several linear functions at once."""

    numerator_df: int
    df: float
    f: float
    p: float


@dataclass(frozen=True)
class Inference:
    """Tests in the conditioned basis; every row of a contrast is on the columns of the model matrix."""

    model: Fitted
    freedom: Freedom
    sandwich: Kind | None

    @cached_property
    def _empirical(self) -> Sandwich | None:
        if self.sandwich is None:
            return None
        assert isinstance(self.model, Model)
        return Sandwich(self.model, self.sandwich)

    @cached_property
    def covariance(self) -> Floats:
        """(q, q) the covariance that standard errors come from."""
        if self._empirical is not None:
            return self._empirical.covariance
        if isinstance(self.freedom, KenwardRoger):
            return self.model.adjusted(self.freedom.convention, self.freedom.linear)
        return self.model.c

    def estimates(self, rows: Floats, *, aliased_zero: bool = False) -> tuple[Floats, Floats, Floats]:
        """Estimate, standard error and degrees of freedom of each row (r, columns); NaN if not estimable.

        With `aliased_zero` the coefficients left out count as zero, so that the others have values as in R.
        """
        model = self.model
        estimable = aliased_zero | model.basis.estimable(rows)
        conditioned = model.basis.contrasts(rows)
        beta = np.where(model.basis.kept, model.beta, 0.0)
        kept = np.where(model.basis.kept, rows, 0.0)
        variance = ((conditioned @ self.covariance) * conditioned).sum(-1)
        nothing = np.where(estimable & (conditioned != 0.0).any(-1), 1.0, np.nan)
        told = nothing
        if self._empirical is not None:
            told = np.where(self._empirical.alone(conditioned), np.nan, nothing)
        with np.errstate(invalid="ignore", divide="ignore"):
            df = self._freedom(rows, conditioned)
            return (kept @ beta) * nothing, np.sqrt(variance) * told, df * nothing

    def _freedom(self, rows: Floats, conditioned: Floats) -> Floats:
        model = self.model
        if isinstance(self.freedom, Residual):
            return np.full(rows.shape[0], float(model.n - model.q))
        if isinstance(self.freedom, BetweenWithin):
            own = self._between_within
            return np.array([own[row != 0.0].min() if (row != 0.0).any() else np.nan for row in rows])
        if self._empirical is not None:
            return self._empirical.freedom(conditioned)
        return satterthwaite.freedom(conditioned, model.c, model.slopes, model.w)

    @cached_property
    def _between_within(self) -> Floats:
        """Degrees of freedom of each column (columns,): R mmrm counts an intercept as within."""
        model = self.model
        x, participant = model.observations.x, model.observations.participant
        count = len(model.observations.participants)
        first = np.zeros(count, dtype=np.int64)
        first[participant[::-1]] = np.arange(participant.size)[::-1]
        constant = (x == x[first[participant]]).all(axis=0)
        intercept = (x == 1.0).all(axis=0)
        kept = model.basis.kept
        between = constant & ~intercept
        has_intercept = bool((intercept & kept).any())
        between_df = count - int((between & kept).sum()) - int(has_intercept)
        within_df = model.n - count - int((~constant & kept).sum())
        return np.where(between, float(between_df), float(within_df))

    def joint(self, rows: Floats) -> Joint:
        """F test that all rows (r, columns) are zero; dependent rows are reduced to independent ones.

        Of rows that can't be estimated, the combinations of them that can be are tested.
        """
        model = self.model
        rows = _independent(model.basis.estimable_part(rows), model.basis.kept)
        r = rows.shape[0]
        if r == 0:
            return Joint(0, float("nan"), float("nan"), float("nan"))
        if r == 1:
            estimate, se, df = self.estimates(rows)
            f, freedom = float((estimate[0] / se[0]) ** 2), float(df[0])
            return Joint(1, freedom, f, float(fdtrc(1, freedom, f)))
        conditioned = model.basis.contrasts(rows)
        kept = np.where(model.basis.kept, rows, 0.0)
        estimate = kept @ np.where(model.basis.kept, model.beta, 0.0)
        if isinstance(self.freedom, KenwardRoger):
            f, freedom = kenward_roger.f_test(
                conditioned, model.c, model.slopes, model.w, self.covariance, estimate
            )
        elif isinstance(self.freedom, Satterthwaite) and self._empirical is None:
            f, freedom = satterthwaite.f_test(conditioned, model.c, model.slopes, model.w, estimate)
        else:
            values, vectors = np.linalg.eigh(conditioned @ self.covariance @ conditioned.T)
            f = float(((vectors.T @ estimate) ** 2 / values).sum()) / r
            turned = vectors.T @ rows
            if isinstance(self.freedom, Satterthwaite):
                freedom = satterthwaite.joint_freedom(self._freedom(turned, vectors.T @ conditioned))
            else:
                freedom = float(self._freedom(rows, conditioned).min())
        return Joint(r, freedom, f, float(fdtrc(r, freedom, f)))


def _independent(rows: Floats, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    chosen: list[Floats] = []
    basis: list[Floats] = []
    for row in rows:
        own = np.where(kept, row, 0.0)
        size = np.linalg.norm(own)
        for unit in basis:
            own = own - (own @ unit) * unit
        length = np.linalg.norm(own)
        if size > 0.0 and length > 1e-8 * size:
            basis.append(own / length)
            chosen.append(row)
    return np.array(chosen).reshape(len(chosen), rows.shape[1])


def p_value(
    t: Floats, df: Floats, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> Floats:
    """p of t statistics."""
    if alternative == "two-sided":
        p: Floats = 2.0 * stdtr(df, -np.abs(t))
    else:
        p = stdtr(df, t if alternative == "less" else -t)
    return p


def quantile(df: Floats, level: float) -> Floats:
    """The two-sided t quantile of a confidence level."""
    q: Floats = stdtrit(df, 0.5 + level / 2.0)
    return q
