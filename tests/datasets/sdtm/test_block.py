"""Rows that are put together from pieces are the rows that they would be one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from entact.datasets.sdtm.block import ENTRIES, Block, Piece
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.table import Table

_CODES: list[Mapping[str, Any]] = [
    {"VSTESTCD": "HR", "VSTEST": "Heart Rate"},
    {"VSTESTCD": "TEMP", "VSTEST": None},
]
_RESULTS: list[Mapping[str, Any]] = [
    {"VSORRES": "61", "VSSTRESN": 61},
    {"VSORRES": "36.6", "VSSTRESN": 36.6},
    {"VSSTAT": "NOT DONE"},
    {},
]
_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from([None, "Y"])), max_size=6)


def _block(rows: list[tuple[int, int, str | None]], person: str) -> Block:
    which = [np.array([row[place] for row in rows], np.uint32) for place in (0, 1)]
    everybody = np.zeros(len(rows), np.uint32)
    own: dict[str, Any] = {"VSSEQ": np.arange(1, len(rows) + 1), "VSLOBXFL": [row[2] for row in rows]}
    if not any(own["VSLOBXFL"]):
        del own["VSLOBXFL"]
    pieces = (Piece([{"USUBJID": person}], everybody), Piece(_CODES, which[0]), Piece(_RESULTS, which[1]))
    return Block(len(rows), pieces, own, [(f"{person}-1", f"{person}-2")], everybody)


@given(st.lists(_rows.filter(bool), max_size=4), st.sets(st.integers(0, 4)))
def test_blocks_are_their_rows_whatever_stands_between(
    people: list[list[tuple[int, int, str | None]]], alone: set[int]
) -> None:
    in_blocks, by_row = Table("VS"), Table("VS")
    for number, rows in enumerate(people):
        block = _block(rows, f"p{number}")
        if number in alone:
            for row, entries in zip(block.rows(), block.sources(), strict=True):
                in_blocks.add(row, entries)
        else:
            in_blocks.add_block(block)
        for row, entries in zip(block.rows(), block.sources(), strict=True):
            by_row.add(row, entries)
    assert in_blocks.height == by_row.height == sum(map(len, people))
    assert in_blocks.rows == by_row.rows
    assert in_blocks.entries == by_row.entries
    assert_frame_equal(in_blocks.frame(), by_row.frame())
    assert in_blocks.summary == by_row.summary
    asked = ["VSSEQ", ENTRIES]
    for mine, other in zip(in_blocks.pieces(asked), by_row.pieces(asked), strict=True):
        said = domain("VS").variables
        assert_frame_equal(mine.rows(asked, said), other.rows(asked, said))


def test_a_block_says_nothing_that_the_guide_has_no_variable_for() -> None:
    one = np.zeros(1, np.uint32)
    for pieces, own in (
        ((Piece([{"VSMOOD": "good"}], one),), {}),
        ((Piece([{"USUBJID": "p"}], one),), {"VSMOOD": [1]}),
    ):
        table = Table("VS")
        table.add_block(Block(1, pieces, own, [()], one))
        with pytest.raises(ValueError, match="VSMOOD"):
            table.frame()
    assert "VSMOOD" not in domain("VS").variables
