"""Where the chance in an allocation comes from, and whether anybody could make the same again.

A rehearsal has to be repeatable: from its seed every arm follows at once, and so do all seals.
A list for people is drawn from the operating system's generator, which nobody can ask again. It may draw the
one seed from which the list follows, which is then sealed with the list (`Replayed`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import numpy as np

_OF_THE_SYSTEM = {("secrets", "token_bytes"), ("posix", "urandom"), ("nt", "urandom")}
_WORD = 8  # bytes of one number
SEED_BYTES = 32
_BLOCK = 1024  # bytes of the stream made at once


class Chance(Protocol):
    """A source of chance. `simulated`: whether it gives the same again from a seed, so for no person."""

    @property
    def simulated(self) -> bool: ...

    def below(self, limit: int) -> int:
        """A whole number from 0 on and below a limit, each as likely."""

    def shuffled(self, count: int) -> list[int]:
        """The numbers below `count` in an order of which each is as likely."""

    def chosen(self, count: int, limit: int) -> list[int]:
        """So many different numbers below a limit, in any order."""

    def bytes(self, count: int) -> bytes:
        """So many bytes."""


class Rehearsed:
    """Chance of a rehearsal: whoever knows the seed knows all of it."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    @property
    def simulated(self) -> bool:
        return True

    def below(self, limit: int) -> int:
        return int(self._random.integers(limit))

    def shuffled(self, count: int) -> list[int]:
        return [int(place) for place in self._random.permutation(count)]

    def chosen(self, count: int, limit: int) -> list[int]:
        return [int(one) for one in self._random.choice(limit, size=count, replace=False)]

    def bytes(self, count: int) -> bytes:
        return self._random.bytes(count)


class _OfBytes:
    """Chance of bytes, without any bias."""

    simulated = False

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._bytes = random_bytes

    def below(self, limit: int) -> int:
        return below(limit, self._bytes)

    def shuffled(self, count: int) -> list[int]:
        order = list(range(count))
        for place in range(count - 1, 0, -1):  # Fisher and Yates
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order

    def chosen(self, count: int, limit: int) -> list[int]:
        if count > limit:
            raise ValueError(f"there are no {count} different numbers below {limit}")
        found: dict[int, None] = {}
        while len(found) < count:
            found[self.below(limit)] = None
        return list(found)

    def bytes(self, count: int) -> bytes:
        return self._bytes(count)


class Drawn(_OfBytes):
    """Chance of the operating system, for lists of people; the caller at the edge hands its generator in.

    Args:
        random_bytes: `secrets.token_bytes` or `os.urandom`, and nothing else: what is like one could be a
            rehearsal's, from whose seed every arm follows.
    Raises:
        ValueError: for another source.
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        if (random_bytes.__module__, getattr(random_bytes, "__qualname__", "")) not in _OF_THE_SYSTEM:
            raise ValueError(
                "a list for people is drawn by the operating system's generator: hand in secrets.token_bytes"
            )
        super().__init__(random_bytes)


class Replayed(_OfBytes):
    """Chance that follows from a seed which was `Drawn` and is sealed with what it made.

    Whoever opens the seed afterwards makes the same list again, and so knows that nobody chose it.

    Args:
        seed: 32 bytes; the stream is SHAKE256 of the seed and the number of each block (FIPS 202).
    Raises:
        ValueError: for a seed of another length.
    """

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"the seed of a list has {SEED_BYTES} bytes, not {len(seed)}")
        self._seed, self._blocks, self._left = seed, 0, b""
        super().__init__(self._next)

    def _next(self, count: int) -> bytes:
        while len(self._left) < count:
            block = hashlib.shake_256(self._seed + self._blocks.to_bytes(8, "big"))
            self._left += block.digest(_BLOCK)
            self._blocks += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def below(limit: int, random_bytes: Callable[[int], bytes]) -> int:
    """A whole number below a limit, each exactly as likely: what lies beyond whole multiples is drawn again.

    Raises:
        ValueError: for a limit of no number, or of more than a word of eight bytes holds.
    """
    if not 0 < limit <= 1 << 8 * _WORD:
        raise ValueError(f"there is no number from 0 on below {limit} to be drawn")
    whole = (1 << 8 * _WORD) // limit * limit
    while (drawn := int.from_bytes(random_bytes(_WORD), "big")) >= whole:
        pass
    return drawn % limit
