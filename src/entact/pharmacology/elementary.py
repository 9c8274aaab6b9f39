# mypy: disable-error-code="misc,untyped-decorator,no-any-return"
"""exp, log and powers of eight persons at once, to the last bits of a double.

The C library's functions take one number at a time, and vector versions of them are not on every machine.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from numba.core import types
from numba.core.typing.templates import AbstractTemplate, ConcreteTemplate

from entact.pharmacology.lanes import (
    FLAGS,
    exponent_of,
    infer_global,
    lanes,
    lower_builtin,
    nearest,
    power_of_two,
    signature,
    where,
)

_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10


def _exp(x: Any) -> Any:
    # exp(x) = 2**k * exp(r) with |r| <= ln 2 / 2, where Taylor's series to r**13 is exact.
    x = max(min(x, 708.0), -708.0)
    k = nearest(x * _LOG2E)
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    s = 1.6059043836821613e-10
    s = s * r + 2.08767569878681e-09
    s = s * r + 2.505210838544172e-08
    s = s * r + 2.755731922398589e-07
    s = s * r + 2.7557319223985893e-06
    s = s * r + 2.48015873015873e-05
    s = s * r + 0.0001984126984126984
    s = s * r + 0.001388888888888889
    s = s * r + 0.008333333333333333
    s = s * r + 0.041666666666666664
    s = s * r + 0.16666666666666666
    s = s * r + 0.5
    return (s * r * r + r + 1.0) * power_of_two(k)


def _log(x: Any) -> Any:
    # x = m * 2**k with m near 1; ln m by the series of the inverse hyperbolic tangent of (m - 1) / (m + 1).
    k = exponent_of(x)
    m = x * power_of_two(-k)
    large = m > 1.4142135623730951
    k = where(large, k + 1.0, k)
    m = where(large, m * 0.5, m)
    z = (m - 1.0) / (m + 1.0)
    w = z * z
    s = 1.0 / 21.0
    s = s * w + 1.0 / 19.0
    s = s * w + 1.0 / 17.0
    s = s * w + 1.0 / 15.0
    s = s * w + 1.0 / 13.0
    s = s * w + 1.0 / 11.0
    s = s * w + 1.0 / 9.0
    s = s * w + 1.0 / 7.0
    s = s * w + 1.0 / 5.0
    s = s * w + 1.0 / 3.0
    return k * _LN2_HIGH + (2.0 * z + 2.0 * z * w * s + k * _LN2_LOW)


def _compiled(function: Any, source: Any) -> None:
    """Lets a function of the standard library, given lanes, be the one written here."""

    class Template(ConcreteTemplate):
        cases = [signature(lanes, lanes)]  # noqa: RUF012

    infer_global(function)(Template)

    @lower_builtin(function, lanes)
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.compile_internal(builder, source, sig, args)


_compiled(math.exp, _exp)
_compiled(math.log, _log)


def _power(x: Any, y: Any) -> Any:
    return math.exp(y * math.log(x))


@infer_global(operator.pow)
class _Power(AbstractTemplate):
    prefer_literal = True

    def generic(self, args: Any, keywords: Any) -> Any:
        if args[0] != lanes:
            return None
        if isinstance(args[1], types.IntegerLiteral) and 1 <= args[1].literal_value <= 8:
            return signature(lanes, lanes, args[1])
        return signature(lanes, lanes, lanes if args[1] == lanes else types.float64)


@lower_builtin(operator.pow, lanes, types.IntegerLiteral)
def _whole_power(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    value = args[0]
    for _ in range(sig.args[1].literal_value - 1):
        value = builder.fmul(value, args[0], flags=FLAGS)
    return value


@lower_builtin(operator.pow, lanes, types.float64)
@lower_builtin(operator.pow, lanes, lanes)
def _any_power(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return context.compile_internal(builder, _power, sig, args)
