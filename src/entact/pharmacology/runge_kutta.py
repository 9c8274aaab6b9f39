# mypy: disable-error-code="untyped-decorator,no-any-return"
"""One step of a Runge-Kutta method of order 5(4) with free interpolation, for eight persons at once.

Source: Tsitouras 2011, Computers & Mathematics with Applications 62:770: the pair with the first column
assumption alone, and its interpolant of fourth order. Every lane has its own time and step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from entact.pharmacology.lanes import native

C2, C3, C4, C5 = 0.161, 0.327, 0.9, 0.9800255409045097
A21 = 0.161
A31, A32 = -0.008480655492356989, 0.335480655492357
A41, A42, A43 = 2.8971530571054935, -6.359448489975075, 4.3622954328695815
A51, A52, A53, A54 = 5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525
A61, A62, A63, A64, A65 = (
    5.86145544294642,
    -12.92096931784711,
    8.159367898576159,
    -0.071584973281401,
    -0.028269050394068383,
)
B1, B2, B3, B4, B5, B6 = (
    0.09646076681806523,
    0.01,
    0.4798896504144996,
    1.379008574103742,
    -3.290069515436081,
    2.324710524099774,
)
E1, E2, E3, E4, E5, E6, E7 = (
    -0.00178001105222577714,
    -0.0008164344596567469,
    0.007880878010261995,
    -0.1447110071732629,
    0.5823571654525552,
    -0.45808210592918697,
    0.015151515151515152,
)


# The weight of each stage in the interpolant: factors as in the source, then powers of the fraction.
_FACTORS = (
    (-1.0530884977290216, 1, (1.3299890189751412,), (1.4364028541716351, 0.7139816917074209)),
    (0.1017, 2, (), (2.1966568338249754, 1.2949852507374631)),
    (2.490627285651252793, 2, (), (2.38535645472061657, 1.57803468208092486)),
    (-16.54810288924490272, 2, (1.21712927295533244, 0.61620406037800089), None),
    (47.37952196281928122, 2, (1.203071208372362603, 0.658047292653547382), None),
    (-34.87065786149660974, 2, (1.2, 0.666666666666666667), None),
    (2.5, 2, (1.0, 0.6), None),
)


def _powers(
    factor: float, order: int, roots: Sequence[float], square: tuple[float, float] | None
) -> list[float]:
    """factor * theta ** order * (theta - root) … * (theta ** 2 - a theta + b), by power from theta on."""
    found = [factor]
    for root in roots:
        found = [high - root * low for high, low in zip([0.0, *found], [*found, 0.0], strict=True)]
    if square is not None:
        a, b = square
        rows = zip([0.0, 0.0, *found], [0.0, *found, 0.0], [*found, 0.0, 0.0], strict=True)
        found = [high - a * middle + b * low for high, middle, low in rows]
    return [0.0] * (order - 1) + found


D1, D2, D3, D4, D5, D6, D7 = (tuple(_powers(*row)) for row in _FACTORS)


class Method(NamedTuple):
    """The three compiled parts of the method."""

    step: Callable[..., Any]
    dense: Callable[..., Any]
    interpolate: Callable[..., Any]


def method(derivatives: Callable[..., Any], states: int, kept: int) -> Method:
    """The method for one system: `derivatives(t, y, p, dy)` of so many states; the first are interpolated."""
    n = states

    @native()
    def step(t, h, p, y, k, tmp, new, floor, tolerance, stage):  # type: ignore[no-untyped-def]
        """Fills the stages `k` after the first, and `new`; returns the squared error over what is allowed."""
        for i in range(n):
            tmp[i] = y[i] + h * (A21 * k[i])
        derivatives(t + C2 * h, tmp, p, stage[1])
        for i in range(n):
            tmp[i] = y[i] + h * (A31 * k[i] + A32 * k[n + i])
        derivatives(t + C3 * h, tmp, p, stage[2])
        for i in range(n):
            tmp[i] = y[i] + h * (A41 * k[i] + A42 * k[n + i] + A43 * k[2 * n + i])
        derivatives(t + C4 * h, tmp, p, stage[3])
        for i in range(n):
            tmp[i] = y[i] + h * (A51 * k[i] + A52 * k[n + i] + A53 * k[2 * n + i] + A54 * k[3 * n + i])
        derivatives(t + C5 * h, tmp, p, stage[4])
        for i in range(n):
            tmp[i] = y[i] + h * (
                A61 * k[i] + A62 * k[n + i] + A63 * k[2 * n + i] + A64 * k[3 * n + i] + A65 * k[4 * n + i]
            )
        derivatives(t + h, tmp, p, stage[5])
        for i in range(n):
            new[i] = y[i] + h * (
                B1 * k[i]
                + B2 * k[n + i]
                + B3 * k[2 * n + i]
                + B4 * k[3 * n + i]
                + B5 * k[4 * n + i]
                + B6 * k[5 * n + i]
            )
        derivatives(t + h, new, p, stage[6])
        total = t * 0.0
        for i in range(n):
            error = (
                E1 * k[i]
                + E2 * k[n + i]
                + E3 * k[2 * n + i]
                + E4 * k[3 * n + i]
                + E5 * k[4 * n + i]
                + E6 * k[5 * n + i]
                + E7 * k[6 * n + i]
            )
            error = error / (floor[i] + max(abs(y[i]), abs(new[i])))
            total = total + error * error
        return total * (h * h) * (1.0 / (n * tolerance * tolerance))

    @native()
    def dense(h, k, c):  # type: ignore[no-untyped-def]
        """Sets `c` to the interpolant of the step, one power of the fraction after another."""
        for i in range(kept):
            c[i] = h * k[i]
        for i in range(kept):
            k1, k2, k3, k4, k5 = k[i], k[n + i], k[2 * n + i], k[3 * n + i], k[4 * n + i]
            k6, k7 = k[5 * n + i], k[6 * n + i]
            c[n + i] = h * (
                D1[1] * k1 + D2[1] * k2 + D3[1] * k3 + D4[1] * k4 + D5[1] * k5 + D6[1] * k6 + D7[1] * k7
            )
            c[2 * n + i] = h * (
                D1[2] * k1 + D2[2] * k2 + D3[2] * k3 + D4[2] * k4 + D5[2] * k5 + D6[2] * k6 + D7[2] * k7
            )
            c[3 * n + i] = h * (
                D1[3] * k1 + D2[3] * k2 + D3[3] * k3 + D4[3] * k4 + D5[3] * k5 + D6[3] * k6 + D7[3] * k7
            )

    @native()
    def interpolate(theta, y, c, out):  # type: ignore[no-untyped-def]
        """Sets `out` to the states that are kept, a fraction theta into the step, by what `dense` set."""
        for i in range(kept):
            out[i] = y[i] + theta * (
                c[i] + theta * (c[n + i] + theta * (c[2 * n + i] + theta * c[3 * n + i]))
            )

    return Method(step, dense, interpolate)
