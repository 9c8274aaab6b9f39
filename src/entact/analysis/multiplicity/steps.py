"""Stepwise procedures: by Holm, Hochberg and Hommel, and in a fixed sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from entact.analysis.mmrm.multiplicity import adjust
from entact.analysis.multiplicity.adjusted import Adjusted, checked


def fixed_sequence(p: Mapping[str, float], *, alpha: float = 0.05) -> Adjusted:
    """Each at the whole level, in the order given, until one is not rejected.

    Source: Westfall & Krishen 2001, Journal of Statistical Planning and Inference 99:25.
    """
    own = checked(p)
    steps = np.maximum.accumulate(list(own.values()))
    return Adjusted("fixed sequence", own, dict(zip(own, steps.tolist(), strict=True)), alpha)


def holm(p: Mapping[str, float], *, alpha: float = 0.05) -> Adjusted:
    """Bonferroni, step by step from the least p; whatever the dependence. Equivalent to R `p.adjust`.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65.
    """
    own = checked(p)
    found = adjust(np.array(list(own.values())), "holm")
    return Adjusted("Holm", own, dict(zip(own, found.tolist(), strict=True)), alpha)


def hochberg(p: Mapping[str, float], *, alpha: float = 0.05) -> Adjusted:
    """Step by step from the greatest p; for tests that are not negatively dependent.

    Source: Hochberg 1988, Biometrika 75:800. Equivalent to R `p.adjust`.
    """
    own = checked(p)
    found = adjust(np.array(list(own.values())), "hochberg")
    return Adjusted("Hochberg", own, dict(zip(own, found.tolist(), strict=True)), alpha)


def hommel(p: Mapping[str, float], *, alpha: float = 0.05) -> Adjusted:
    """Closed testing with Simes' test; for tests that are not negatively dependent.

    Source: Hommel 1988, Biometrika 75:383; Wright 1992, Biometrics 48:1005. Equivalent to R `p.adjust`.
    """
    own = checked(p)
    values = np.array(list(own.values()))
    n, order = values.size, np.argsort(values, kind="stable")
    ascending = values[order]
    rank = np.arange(1, n + 1)
    least = np.full(n, float((n * ascending / rank).min()))
    found = least.copy()
    for size in range(n - 1, 1, -1):
        last = np.arange(n - size + 1, n)
        first = np.arange(0, n - size + 1)
        smallest = float((size * ascending[last] / np.arange(2, size + 1)).min())
        least[first] = np.minimum(size * ascending[first], smallest)
        least[last] = least[n - size]
        found = np.maximum(found, least)
    back = np.empty(n)
    back[order] = np.minimum(1.0, np.maximum(found, ascending))
    return Adjusted("Hommel", own, dict(zip(own, back.tolist(), strict=True)), alpha)


STEPS: dict[str, Callable[..., Adjusted]] = {
    "fixed_sequence": fixed_sequence,
    "holm": holm,
    "hochberg": hochberg,
    "hommel": hommel,
}
"""Procedures by the word of a plan."""
