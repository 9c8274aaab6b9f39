# mypy: disable-error-code="untyped-decorator,no-untyped-call,no-any-return,misc"
"""Eight persons at once: a vector of eight doubles that compiled equations use like a float.

`derivatives(t, y, p, dy)` is written once, for one person. Compiled with floats it serves one person;
compiled with the types of this module each `y[I]` is a vector with one lane a person, and `+`, `*`, `max`,
`math.exp` act on all lanes at once as machine vectors. Nothing crosses lanes but `any_of`, so that what a
lane computes doesn't depend on its neighbours to the last bit.
"""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

from llvmlite import ir
from numba import extending, njit
from numba.core import cgutils, types
from numba.core.typing import templates
from numba.core.typing.templates import AbstractTemplate, ConcreteTemplate
from numba.extending import models
from numba.np.arrayobj import make_array, populate_array

from entact.pharmacology.layout import WIDTH

_DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(64), WIDTH)
_BITS = ir.VectorType(ir.IntType(1), WIDTH)
# numba's types say less than its functions do.
intrinsic: Any = extending.intrinsic
lower_builtin: Any = extending.lower_builtin
lower_cast: Any = extending.lower_cast
register_model: Any = extending.register_model
infer_global: Any = templates.infer_global
signature: Any = templates.signature

native: Any = partial(njit, error_model="numpy", _nrt=False)
"""compiles without exceptions and memory of its own, so that the code runs without numba"""
# A multiplication and an addition may become one instruction; nothing else may be reordered.
FLAGS = ("contract",)


class Lanes(types.Type):
    """A double for each of `WIDTH` persons."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


class Choice(types.Type):
    """A yes or no for each of `WIDTH` persons."""

    def __init__(self) -> None:
        super().__init__(name="Choice")


class Rows(types.Type):
    """Memory of lanes, one after the other: `rows[i]` is a vector. It owns nothing."""

    def __init__(self) -> None:
        super().__init__(name="Rows")


lanes = Lanes()
choice = Choice()
rows = Rows()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _DOUBLES)


@register_model(Choice)
class _ChoiceModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BITS)


@register_model(Rows)
class _RowsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.DoubleType().as_pointer())


def _spread(builder: Any, value: Any) -> Any:
    """The same double in every lane."""
    one = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, ir.Constant(_DOUBLES, ir.Undefined), mask)


@lower_cast(types.Float, Lanes)
def _float_to_lanes(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    return _spread(builder, context.cast(builder, value, source, types.float64))


@lower_cast(types.Integer, Lanes)
def _integer_to_lanes(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    return _spread(builder, context.cast(builder, value, source, types.float64))


_PAIRS = ((lanes, lanes), (lanes, types.float64), (types.float64, lanes))
_ARITHMETIC = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}
_COMPARISON = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">="}
_LOGIC = {operator.and_: "and_", operator.or_: "or_"}


def _binary(function: Any, result: types.Type, build: Any) -> None:
    """Makes a Python operator of two values act on lanes, or on lanes and a number."""

    class Template(ConcreteTemplate):
        cases = [signature(result, *pair) for pair in _PAIRS]  # noqa: RUF012

    infer_global(function)(Template)
    for pair in _PAIRS:

        @lower_builtin(function, *pair)
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            left, right = (
                value if kind == lanes else _spread(builder, value)
                for kind, value in zip(sig.args, args, strict=True)
            )
            return build(builder, left, right)


def _largest(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", left, right), left, right)


def _least(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", left, right), left, right)


for _function, _name in _ARITHMETIC.items():
    _binary(_function, lanes, lambda builder, a, b, name=_name: getattr(builder, name)(a, b, flags=FLAGS))
for _function, _name in _COMPARISON.items():
    _binary(_function, choice, lambda builder, a, b, name=_name: builder.fcmp_ordered(name, a, b))
_binary(max, lanes, _largest)
_binary(min, lanes, _least)


def _logical(function: Any, name: str) -> None:
    class Template(ConcreteTemplate):
        cases = [signature(choice, choice, choice)]  # noqa: RUF012

    infer_global(function)(Template)

    @lower_builtin(function, choice, choice)
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, name)(*args)


for _function, _name in _LOGIC.items():
    _logical(_function, _name)


def _unary(function: Any, kind: types.Type, build: Any) -> None:
    class Template(ConcreteTemplate):
        cases = [signature(kind, kind)]  # noqa: RUF012

    infer_global(function)(Template)

    @lower_builtin(function, kind)
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return build(builder, args[0])


def _call(builder: Any, name: str, *values: Any) -> Any:
    """Calls an LLVM intrinsic on vectors."""
    kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * len(values))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f64")
    return builder.call(function, values)


_unary(operator.neg, lanes, lambda builder, value: builder.fneg(value))
_unary(abs, lanes, lambda builder, value: _call(builder, "fabs", value))
_unary(math.sqrt, lanes, lambda builder, value: _call(builder, "sqrt", value))
_unary(operator.invert, choice, lambda builder, value: builder.not_(value))


@intrinsic
def nearest(typing: Any, value: Any) -> Any:
    """The nearest whole number in each lane."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(builder, "rint", args[0])

    return lanes(lanes), build


@intrinsic
def power_of_two(typing: Any, value: Any) -> Any:
    """2 ** k of whole numbers k between -1022 and 1023, by writing the exponent's bits."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bias = ir.Constant(_INTEGERS, [1023] * WIDTH)
        shift = ir.Constant(_INTEGERS, [52] * WIDTH)
        whole = builder.add(builder.fptosi(args[0], _INTEGERS), bias)
        return builder.bitcast(builder.shl(whole, shift), _DOUBLES)

    return lanes(lanes), build


@intrinsic
def exponent_of(typing: Any, value: Any) -> Any:
    """k of positive m * 2 ** k with m from 1 to 2, read off the bits."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bias = ir.Constant(_INTEGERS, [1023] * WIDTH)
        shift = ir.Constant(_INTEGERS, [52] * WIDTH)
        whole = builder.sub(builder.lshr(builder.bitcast(args[0], _INTEGERS), shift), bias)
        return builder.sitofp(whole, _DOUBLES)

    return lanes(lanes), build


@intrinsic
def spread(typing: Any, value: Any) -> Any:
    """The same number in every lane."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0] if sig.args[0] == lanes else _spread(builder, args[0])

    return lanes(lanes if value == lanes else types.float64), build


@intrinsic
def any_of(typing: Any, value: Any) -> Any:
    """Whether any lane says yes."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        packed = builder.bitcast(args[0], ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", packed, ir.Constant(ir.IntType(WIDTH), 0))

    return types.boolean(choice), build


@intrinsic
def at(typing: Any, array: Any, row: Any) -> Any:
    """The memory of a flat float64 array, from a row of lanes on. The caller keeps the array alive."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).data
        offset = builder.mul(args[1], ir.Constant(ir.IntType(64), WIDTH))
        return builder.gep(data, [offset])

    return rows(array, types.int64), build


def _address(builder: Any, memory: Any, index: Any) -> Any:
    offset = builder.mul(index, ir.Constant(ir.IntType(64), WIDTH))
    return builder.bitcast(builder.gep(memory, [offset]), _DOUBLES.as_pointer())


@infer_global(operator.getitem)
class _Read(ConcreteTemplate):
    cases = [signature(lanes, rows, types.int64)]  # noqa: RUF012


@lower_builtin(operator.getitem, rows, types.int64)
def _read(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(_address(builder, *args), align=8)


@infer_global(operator.setitem)
class _Write(ConcreteTemplate):
    cases = [  # noqa: RUF012
        signature(types.none, rows, types.int64, lanes),
        signature(types.none, rows, types.int64, types.float64),
    ]


@lower_builtin(operator.setitem, rows, types.int64, lanes)
@lower_builtin(operator.setitem, rows, types.int64, types.float64)
def _write(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    value = args[2] if sig.args[2] == lanes else _spread(builder, args[2])
    builder.store(value, _address(builder, args[0], args[1]), align=8)
    return context.get_dummy_value()


def lane_copier(count: int) -> Any:
    """What copies one lane of so many rows to other rows: `copy(source, target, lane)`."""

    @intrinsic
    def copy(typing: Any, source: Any, target: Any, lane: Any) -> Any:
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            one = [builder.gep(memory, [args[2]]) for memory in args[:2]]
            for row in range(count):
                where = [builder.gep(place, [ir.Constant(ir.IntType(64), row * WIDTH)]) for place in one]
                builder.store(builder.load(where[0]), where[1])
            return context.get_dummy_value()

        return types.none(rows, rows, types.int64), build

    return copy


def where(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`: a choice that works for one person and for lanes."""
    return yes if condition else no


@infer_global(where)
class _Where(AbstractTemplate):
    def generic(self, args: Any, keywords: Any) -> Any:
        kind = lanes if args[0] == choice else types.float64
        return signature(kind, args[0], *(lanes if arg == lanes else types.float64 for arg in args[1:]))


@lower_builtin(where, types.Boolean, types.float64, types.float64)
def _where_one(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.select(*args)


@lower_builtin(where, choice, lanes, lanes)
@lower_builtin(where, choice, lanes, types.float64)
@lower_builtin(where, choice, types.float64, lanes)
@lower_builtin(where, choice, types.float64, types.float64)
def _where_lanes(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    pairs = zip(sig.args[1:], args[1:], strict=True)
    return builder.select(args[0], *(arg if kind == lanes else _spread(builder, arg) for kind, arg in pairs))


@intrinsic
def view(typing: Any, memory: Any, shape: Any) -> Any:
    """An array over memory that somebody else owns; numba's `carray` would count references to it."""
    kind = types.Array(memory.dtype, shape.count, "C")

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lengths = cgutils.unpack_tuple(builder, args[1])
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(memory.dtype)))
        strides = [size]
        for length in reversed(lengths[1:]):
            strides.insert(0, builder.mul(strides[0], length))
        array = make_array(kind)(context, builder)
        populate_array(array, data=args[0], shape=lengths, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()

    return kind(memory, shape), build
