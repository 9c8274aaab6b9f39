"""Numbers for virtual participants: every participant has its own counter-based generators.

They are keyed by (seed, index) and told apart by topic. So a row of a batch equals the same participant drawn
alone, a topic can grow without moving another, and nothing that is drawn depends on the arm.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNKNOWN = -1
"""In integer arrays: none, never, skipped, don't know."""


def _philox(seed: int, index: int, topic: str) -> Philox:
    counter = np.array([0, 0, 0, crc32(topic.encode())], np.uint64)
    return Philox(key=np.array([seed, index], np.uint64), counter=counter)


def stream(seed: int, index: int, topic: str) -> Generator:
    """The generator of one participant for one topic, to draw what is not an outcome (visits, mistakes)."""
    return Generator(_philox(seed, index, topic))


def draw(
    seed: ArrayLike, indices: ArrayLike, topic: str, uniforms: int, normals: int
) -> tuple[Floats, Floats]:
    """Uniform (n, `uniforms`) and standard normal (n, `normals`) numbers, a row from each one's own stream.

    `seed` is one number or one per participant (many trials at once); `indices` (n) are the participants'
    numbers.
    """
    numbers, seeds = np.broadcast_arrays(np.asarray(indices, np.uint64), np.asarray(seed, np.uint64))
    uniform, normal = np.empty((numbers.size, uniforms)), np.empty((numbers.size, normals))
    # One generator is re-keyed for each row: the same numbers as `stream` at half the cost.
    bits = _philox(0, 0, topic)
    generator, state = Generator(bits), bits.state
    for row, (participant, key) in enumerate(zip(numbers.tolist(), seeds.tolist(), strict=True)):
        state["state"]["key"][0] = key
        state["state"]["key"][1] = participant
        bits.state = state
        generator.random(out=uniform[row])
        generator.standard_normal(out=normal[row])
    return uniform, normal


@cache
def quantile(probability: float) -> float:
    """The standard normal quantile; −∞ and ∞ at 0 and 1."""
    if probability <= 0.0 or probability >= 1.0:
        return float("-inf") if probability <= 0.0 else float("inf")
    return NormalDist().inv_cdf(probability)
