"""One value of a table: its text, its numbers, whether it is published or simulated, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite, isinf
from typing import Any, Literal

from entact.analysis import (
    Index,
    MeanDifference,
    Proportion,
    StandardisedDifference,
    Summary,
)
from entact.analysis.result import Estimate
from entact.report.published import ASSUMED, Effect, Mean, Share

Kind = Literal["simulated", "observed", "published"]
Number = float | int | None

MARK = "†"  # beside a published value that is an assumption
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value.

    Attributes:
        text: as printed. n: number of values behind a mean. interval: the 95 % interval, as printed.
        numbers: what the text was made of, unrounded. kind: simulated, observed (of people) or published.
        source, confidence: of a published value.
    """

    text: str
    kind: Kind
    numbers: Mapping[str, Number] = field(default_factory=dict)
    n: int | None = None
    interval: str | None = None
    source: str | None = None
    confidence: str | None = None

    @property
    def full(self) -> str:
        """The text with its interval."""
        return f"{self.text} ({self.interval})" if self.interval else self.text

    @property
    def is_assumed(self) -> bool:
        """Whether the value is a published one that is from memory, or partly so."""
        return self.confidence in ASSUMED

    def to_dict(self) -> dict[str, Any]:
        """The cell as plain data."""
        plain: dict[str, Any] = {"text": self.full, "kind": self.kind}
        # JSON has no infinity: an end of an interval that is open is none.
        plain |= {name: value if _is_finite(value) else None for name, value in self.numbers.items()}
        if self.kind == "published":
            plain |= {"source": self.source, "confidence": self.confidence, "assumption": self.is_assumed}
        return plain


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or isfinite(value)


def minus(text: str) -> str:
    """A number as printed: a true minus, and no negative zero."""
    return "0" + text[2:] if text.strip("-0.") == "" and text.startswith("-") else text.replace("-", "−")


def decimal(value: float, places: int = 1) -> str:
    """A finite number with so many decimals; what lies half-way is rounded away from zero, as readers do."""
    return minus(str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)))


def of_count(count: int, kind: Kind) -> Cell:
    """A count alone."""
    return Cell(str(count), kind, {"count": count})


def of_summary(summary: Summary, kind: Kind) -> Cell:
    """Mean (SD), with the number of values."""
    if summary.mean is None:
        return Cell(NOTHING, kind, {"n": summary.n, "mean": None, "sd": None}, summary.n)
    spread = "" if summary.sd is None else f" ({decimal(summary.sd)})"
    numbers = {"n": summary.n, "mean": summary.mean, "sd": summary.sd}
    return Cell(decimal(summary.mean) + spread, kind, numbers, summary.n)


def of_proportion(share: Proportion, kind: Kind) -> Cell:
    """Events, number and percentage; the exact interval is among the numbers."""
    numbers: dict[str, Number] = {
        "events": share.events,
        "n": share.n,
        "share": share.share,
        "low": share.low,
        "high": share.high,
    }
    return Cell(_share_text(share.events, share.n), kind, numbers)


def of_difference(found: MeanDifference, kind: Kind) -> Cell:
    """A difference of raw means with its interval."""
    numbers: dict[str, Number] = {
        "difference": found.difference,
        "se": found.se,
        "df": found.df,
        "low": found.low,
        "high": found.high,
        "p": found.p,
    }
    return Cell(decimal(found.difference), kind, numbers, interval=_interval(found.low, found.high, 1))


def of_estimate(found: Estimate, kind: Kind) -> Cell:
    """An effect with its interval: differences of shares in percentage points, ratios to two places."""
    assert found.estimate is not None
    numbers: dict[str, Number] = {
        "difference": found.estimate,
        "se": found.se,
        "df": found.df,
        "low": found.low,
        "high": found.high,
        "p": found.p,
    }
    points = "risk difference" in found.measure
    scale, places = (100.0, 0) if points else (1.0, 1 if "difference" in found.measure else 2)
    text = decimal(scale * found.estimate, places) + (" %" if points else "")
    ends = [None if one is None or isinf(one) else scale * one for one in (found.low, found.high)]
    interval = None
    if ends[0] is not None and ends[1] is not None:
        interval = _interval(ends[0], ends[1], places)
    elif ends[0] is not None or ends[1] is not None:
        low = "−∞" if ends[0] is None else decimal(ends[0], places)
        interval = f"{low} to {'∞' if ends[1] is None else decimal(ends[1], places)}"
    return Cell(text, kind, numbers, interval=interval)


def probability(p: float) -> str:
    """A p value as printed: three decimals, and never nothing."""
    return "below 0.001" if p < 0.0005 else f"{p:.3f}"


def of_standardised(found: StandardisedDifference, kind: Kind) -> Cell:
    """A standardised difference with its interval."""
    numbers = {"d": found.difference, "low": found.low, "high": found.high}
    return Cell(decimal(found.difference, 2), kind, numbers, interval=_interval(found.low, found.high, 2))


def of_index(index: Index, kind: Kind) -> Cell:
    """A blinding index with its interval."""
    numbers: dict[str, Number] = {
        "index": index.estimate,
        "se": index.se,
        "low": index.low,
        "high": index.high,
        "n": index.n,
    }
    if index.estimate is None:
        return Cell(NOTHING, kind, numbers)
    if index.low is None or index.high is None or index.se == 0:  # all guessed alike
        return Cell(decimal(index.estimate, 2), kind, numbers)
    return Cell(decimal(index.estimate, 2), kind, numbers, interval=_interval(index.low, index.high, 2))


def published_mean(said: Mean, source: str, confidence: str) -> Cell:
    """A published mean (SD)."""
    spread = "" if said.sd is None else f" ({decimal(said.sd)})"
    numbers = {"n": said.n, "mean": said.mean, "sd": said.sd}
    return Cell(
        decimal(said.mean) + spread, "published", numbers, said.n, source=source, confidence=confidence
    )


def published_share(said: Share, source: str, confidence: str) -> Cell:
    """Published events among a number, or a published count."""
    if said.n is None:
        text, numbers = str(said.events), dict[str, Number](count=said.events)
    else:
        text = _share_text(said.events, said.n)
        numbers = {"events": said.events, "n": said.n, "share": said.events / said.n}
    return Cell(text, "published", numbers, source=source, confidence=confidence)


def published_effect(said: Effect, places: int) -> Cell:
    """A published effect, with its interval where there is one."""
    interval = None if said.low is None or said.high is None else _interval(said.low, said.high, places)
    return Cell(
        decimal(said.value, places),
        "published",
        {"value": said.value, "low": said.low, "high": said.high},
        interval=interval,
        source=said.source,
        confidence=said.confidence,
    )


def as_published(cell: Cell, source: str, confidence: str) -> Cell:
    """What was calculated from published counts, marked as they are."""
    return replace(cell, kind="published", source=source, confidence=confidence)


def _share_text(events: int, n: int) -> str:
    return f"{events}/{n} {(200 * events + n) // (2 * n):3d} %" if n else NOTHING


def _interval(low: float, high: float, places: int) -> str:
    return f"{decimal(low, places)} to {decimal(high, places)}"
