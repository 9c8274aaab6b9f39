"""Random numbers that belong to a person's place in a population, however the population is cut."""

from __future__ import annotations

from typing import Final

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_WORDS: Final = 4
"""64-bit words that Philox makes for one value of its counter"""


def uniforms(seed: int, stream: int, start: int, stop: int, count: int) -> Array:
    """Uniform numbers between 0 and 1 (neither of them), persons from start to stop x count.

    Philox is a counter-based generator (Salmon et al. 2011): person i reads its values at counter i x blocks,
    so that the same person has the same numbers in any chunk, process or thread.
    """
    blocks = -(-count // _WORDS)
    bits = np.random.Philox(key=np.array([seed, stream], np.uint64), counter=start * blocks)
    words = bits.random_raw((stop - start) * blocks * _WORDS)
    values = (np.right_shift(words, np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.ascontiguousarray(values.reshape(stop - start, blocks * _WORDS)[:, :count])


def normals(seed: int, stream: int, start: int, stop: int, count: int) -> Array:
    """Standard normal numbers, persons from start to stop x count, by inversion."""
    from scipy.special import ndtri

    values: Array = ndtri(uniforms(seed, stream, start, stop, count))
    return values
