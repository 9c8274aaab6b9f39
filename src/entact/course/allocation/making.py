"""A randomisation list for people: drawn and sealed in one step, or a statistician's own; and made again.

The list follows from one seed of the operating system's generator, which is sealed behind it. Whoever opens
the seed when all is over makes the list again, and so knows that nobody chose it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from entact.course.allocation.allocation import Allocation, ListRow, permuted_blocks, seal
from entact.course.allocation.chance import SEED_BYTES, Drawn, Replayed
from entact.course.state.numbers import is_number, normal

COLUMNS = "number", "stratum", "arm"


class ListPlan(msgspec.Struct, frozen=True):
    """What a list is made of: strata, rows of each, shares of the arms, and sizes of blocks.

    The sizes are for who makes it: they stand in no study file, where they would let a site count.
    """

    strata: tuple[str, ...]
    rows: int
    ratio: dict[str, int]
    block_sizes: tuple[int, ...]


def draw_list(study: str, plan: ListPlan, drawn: Drawn) -> Allocation:
    """Draws a list of permuted blocks for people, and seals it with its method and its seed.

    Args:
        drawn: the operating system's generator.
    Raises:
        ValueError: for a plan of which no list can be made.
    """
    if 0 < plan.rows < min(plan.block_sizes, default=0):
        raise ValueError(
            f"the smallest block, {min(plan.block_sizes)}, is larger than a stratum of {plan.rows} rows: "
            "none would be filled, and nothing balanced"
        )
    seed = drawn.bytes(SEED_BYTES)
    return seal(study, list_again(plan, seed), [], plan.block_sizes, drawn, seed=seed)


def list_again(plan: ListPlan, seed: bytes) -> list[ListRow]:
    """The list that follows from a plan and a seed.

    Raises:
        ValueError: for a plan of which no list can be made.
    """
    if plan.rows < 1 or not plan.strata:
        raise ValueError(f"a list of {plan.rows} rows in {len(plan.strata)} strata is none")
    if len(set(plan.strata)) != len(plan.strata) or "|" in "".join((*plan.strata, *plan.ratio)):
        raise ValueError("a stratum is named twice, or a name holds a |, which parts what is sealed")
    drawn = permuted_blocks(plan.strata, plan.rows, plan.ratio, plan.block_sizes, Replayed(seed))
    return list(_numbered(drawn, plan))


def _numbered(drawn: Sequence[ListRow], plan: ListPlan) -> Iterator[ListRow]:
    """As many rows of each stratum as were asked for: where the last block ended is nobody's to know."""
    width = max(3, len(str(plan.rows)))
    for order, stratum in enumerate(plan.strata, start=1):
        begin = stratum if is_number(f"{stratum}-{1:0{width}d}") else f"L{order:02d}"
        arms = [row.arm for row in drawn if row.stratum == stratum][: plan.rows]
        for place, arm in enumerate(arms, start=1):
            yield ListRow(f"{begin}-{place:0{width}d}", stratum, arm)


def import_list(
    study: str, text: str, ratio: Mapping[str, int], strata: Sequence[str], drawn: Drawn
) -> Allocation:
    """A statistician's list, sealed: rows in the order of their use, with a header `number,stratum,arm`.

    What is sealed as its method is the SHA-256 of the file, so that the statistician can show that it was it.

    Args:
        text: the file. ratio, strata: arms and strata of the study. drawn: for keys and salts.
    Raises:
        ValueError: for what is no list of this study, with line and column.
    """
    rows = read_list(text, ratio, strata)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return seal(study, rows, [], (), drawn, method=f"method|imported|sha256 {digest}")


def read_list(text: str, ratio: Mapping[str, int], strata: Sequence[str]) -> list[ListRow]:
    """The rows of a statistician's list, in the order of their use.

    Args:
        text: the file. ratio, strata: arms and strata of the study.
    Raises:
        ValueError: for what is no list of this study, with line and column.
    """
    rows = list(_read(text, ratio, strata))
    missing = [name for name in strata if all(row.stratum != name for row in rows)]
    if missing:
        raise ValueError(f"the list has no row for the stratum {missing[0]!r}")
    return rows


def _read(text: str, ratio: Mapping[str, int], strata: Sequence[str]) -> Iterator[ListRow]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    header = [name.strip().lower() for name in next(reader, [])]
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            raise ValueError(
                f"line 1: cells are parted by {name}; save it parted by commas: {','.join(COLUMNS)}"
            )
    if sorted(header) != sorted(COLUMNS):
        raise ValueError(f"line 1: the columns are {', '.join(header) or 'none'}, not {', '.join(COLUMNS)}")
    known: dict[str, int] = {}
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise ValueError(f"line {line}: {len(cells)} cells under {len(header)} columns")
            row = ListRow(**{name: cell.strip() for name, cell in zip(header, cells, strict=True)})
            if not is_number(row.number):
                raise ValueError(f"line {line}, number: {row.number!r} is not written like a number")
            if row.stratum not in strata:
                raise ValueError(f"line {line}, stratum: {row.stratum!r}; the study has {', '.join(strata)}")
            if row.arm not in ratio:
                raise ValueError(f"line {line}, arm: {row.arm!r}; the study has {', '.join(ratio)}")
            before = known.setdefault(normal(row.number), line)
            if before != line:
                raise ValueError(f"line {line}, number: {row.number} stands in line {before} too")
            yield row
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error
