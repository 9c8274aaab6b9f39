"""The secret third input: who gets what. Made by an unblinded person, sealed before the first enrolment.

Kept in a file of its own. Nothing of it enters a ledger but the two Merkle roots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from entact.course.allocation.chance import Chance
from entact.course.allocation.commitment import Opening, SealedRow, merkle_path, open_row, seal_rows
from entact.course.entry import Environment

MINIMISED: Final = "method|minimisation"
DRAW: Final = "draw:"  # of a row that says no arm, but what its arm is reckoned from (`minimisation`)

Content = tuple[str, str, str]
"""What a kit holds: arm, dose level, part of the dose."""


class ListRow(msgspec.Struct, frozen=True):
    """One row of the randomisation list: its number, its stratum and its arm."""

    number: str
    stratum: str
    arm: str


class KitRow(msgspec.Struct, frozen=True):
    """What one kit holds. The number is random and unrelated to any randomisation number."""

    kit: str
    arm: str
    level: str
    part: str

    @property
    def content(self) -> Content:
        """What it holds."""
        return self.arm, self.level, self.part


class Sealed(msgspec.Struct, frozen=True):
    """A committed list: sealed rows, what opens them, and the root that stands in the study's ledger."""

    rows: list[SealedRow]
    openings: list[Opening]
    root: str


class Allocation(msgspec.Struct, frozen=True):
    """The randomisation list (`list` in its file) and the kit map of one study, with their seals.

    `simulated` says that chance came from a seed: whoever knows it knows every arm. The method is sealed
    behind the rows of the list, so that it is committed with them and no site can count blocks.
    """

    study: str
    simulated: bool
    block_sizes: list[int]
    rows: list[ListRow] = msgspec.field(name="list")
    kits: list[KitRow]
    sealed_list: Sealed
    sealed_kits: Sealed
    method: str = ""  # where it is not that of the block sizes
    assigned: dict[str, str] = {}  # number -> arm, where rows are draws (`minimisation`)

    def arms(self) -> dict[str, str]:
        """Randomisation number -> arm."""
        told = {row.number: row.arm for row in self.rows if not row.arm.startswith(DRAW)}
        return told | self.assigned


def permuted_blocks(
    strata: Sequence[str],
    rows: int,
    ratio: Mapping[str, int],
    block_sizes: Sequence[int],
    chance: Chance,
) -> list[ListRow]:
    """A stratified list of permuted blocks of random size.

    Args:
        strata: names of the strata. rows: least number of rows in each. ratio: arm -> share.
        block_sizes: each a multiple of the sum of the ratio. chance: its source.
    Raises:
        ValueError: when a block size does not hold whole multiples of the ratio.
    Source: ICH E9, section 2.3.2.
    """
    total = sum(ratio.values())
    if any(size <= 0 or size % total for size in block_sizes) or not block_sizes:
        raise ValueError(
            f"block sizes {list(block_sizes)} must be positive multiples of {total}, the sum of the ratio"
        )
    result = []
    for stratum in strata:
        arms: list[str] = []
        while len(arms) < rows:
            size = block_sizes[chance.below(len(block_sizes))]
            block = [arm for arm, share in ratio.items() for _ in range(share * size // total)]
            arms += [block[place] for place in chance.shuffled(size)]
        width = max(3, len(str(len(arms))))
        result += [
            ListRow(f"{stratum}-{place:0{width}d}", stratum, arm) for place, arm in enumerate(arms, start=1)
        ]
    return result


def pack_kits(counts: Mapping[Content, int], chance: Chance) -> list[KitRow]:
    """Kits for the depot: so many of each (arm, level, part), numbered at random across the whole study.

    Raises:
        ValueError: when there are more than six digits can tell apart.
    """
    rows = [content for content, count in counts.items() for _ in range(count)]
    if len(rows) > 800_000:
        raise ValueError(f"{len(rows)} kits are more than six-digit kit numbers can tell apart")
    numbers = [number + 100_000 for number in chance.chosen(len(rows), 900_000)]
    kits = [KitRow(f"K-{number}", *content) for number, content in zip(numbers, rows, strict=True)]
    return sorted(kits, key=lambda row: row.kit)


def seal(
    study: str,
    rows: list[ListRow],
    kits: list[KitRow],
    block_sizes: Sequence[int],
    chance: Chance,
    *,
    method: str = "",
    seed: bytes | None = None,
) -> Allocation:
    """Seals list and kit map; their roots go into the study's ledger before the first enrolment.

    A study that does not randomise has no list.

    Args:
        chance: from which keys and salts come, and from which rows and kits came: what it says of itself
            (`simulated`) is said of the allocation.
        method: how the list was made, where it was not by permuted blocks. seed: from which it follows.
    """
    method = method or (MINIMISED if any(row.arm.startswith(DRAW) for row in rows) else "")
    behind = [method or method_of(block_sizes)] if rows else []
    behind += [] if seed is None else [seed_row(seed)]

    def sealed(texts: list[str]) -> Sealed:
        return Sealed(*seal_rows(texts, chance.bytes)) if texts else Sealed([], [], "")

    return Allocation(
        study=study,
        simulated=chance.simulated,
        block_sizes=list(block_sizes),
        rows=rows,
        kits=kits,
        sealed_list=sealed([*(text_of(row) for row in rows), *behind]),
        sealed_kits=sealed([f"{row.kit}|{row.arm}|{row.level}|{row.part}" for row in kits]),
        method=method,
    )


def text_of(row: ListRow) -> str:
    """A row of the list as it is sealed."""
    return f"{row.number}|{row.stratum}|{row.arm}"


def row_of(text: str) -> ListRow:
    """The row of the list that was sealed as this text.

    Raises:
        ValueError: for what is no row.
    """
    parts = text.split("|")
    if len(parts) != 3:
        raise ValueError(f"what was sealed is no row of a list: {text!r}")
    return ListRow(*parts)


def seed_row(seed: bytes) -> str:
    """The seed of a list, as it is sealed behind its method."""
    return f"seed|{seed.hex()}"


def method_of(block_sizes: Sequence[int]) -> str:
    """How a list was made, as it is sealed behind its rows."""
    return f"method|permuted blocks|{','.join(map(str, block_sizes))}"


def commitment_of(allocation: Allocation, environment: Environment) -> dict[str, Any]:
    """What is entered in the study's ledger: the roots, how many rows they are of, and the order of numbers.

    The numbers of each stratum in the order of their use tell no arm: from them the record gives the next
    one. A rehearsal gives its own.

    Args:
        environment: of the record into which it is entered.
    Raises:
        ValueError: when a list whose every arm follows from a seed was to be committed for people, or one for
            people was to be used up in a rehearsal; when the method is not the one that is sealed.
    """
    if allocation.simulated and environment == "production":
        raise ValueError(
            "this allocation is of a rehearsal: from its seed every arm follows, so it is committed for "
            "nobody; draw one from the operating system's generator"
        )
    if not allocation.simulated and environment == "rehearsal":
        raise ValueError("this allocation was drawn for people: a rehearsal makes its own")
    if allocation.rows:
        sealed = allocation.sealed_list
        method = allocation.method or method_of(allocation.block_sizes)
        if prove(sealed, len(allocation.rows), sealed.root) != method:
            raise ValueError("the method that is sealed with the list is not the one of this allocation")
    numbers: dict[str, list[str]] = {}
    for row in allocation.rows if not allocation.simulated else ():
        numbers.setdefault(row.stratum, []).append(row.number)
    return {
        "list_root": allocation.sealed_list.root,
        "list_rows": len(allocation.rows),
        "kits_root": allocation.sealed_kits.root,
        "kits_rows": len(allocation.kits),
        **({"numbers": numbers} if numbers else {}),
    }


def prove(sealed: Sealed, place: int, root: str) -> str:
    """Opens one row against the root in the study's ledger.

    Raises:
        ValueError: when the row is not the one that was committed.
    """
    opening = sealed.openings[place]
    if opening.place != place:
        raise ValueError(
            f"what opens row {opening.place + 1} is not what opens row {place + 1}, which was asked for"
        )
    path = merkle_path([row.leaf for row in sealed.rows], place)
    return open_row(sealed.rows[place], opening, path, len(sealed.rows), root)
