"""A part says the same however it is kept, packed and read again, and holds only what some row says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from entact.datasets.sdtm.block import ENTRIES, Block, Piece
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.part import Part, packed, part_of_blocks, part_of_rows, unpacked
from entact.datasets.sdtm.summary import ResultsOf, summary_of

VS = domain("VS")
EVERY = [*VS.variables, ENTRIES]
TESTS: list[Mapping[str, Any]] = [
    {"VSTESTCD": "HR", "VSTEST": "Heart Rate"},
    {"VSTESTCD": "TEMP", "VSTEST": "Temperature"},
    {"VSTESTCD": "VSALL", "VSTEST": None},
]
RESULTS: list[Mapping[str, Any]] = [
    {"VSORRES": "61", "VSSTRESC": "61", "VSSTRESN": 61},
    {"VSORRES": "36.6", "VSSTRESC": "36.6", "VSSTRESN": 36.6},
    {"VSORRES": "too fast to count", "VSSTRESC": "too fast to count"},
    {"VSSTAT": "NOT DONE"},
]
_rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([None, "Y"])), min_size=1, max_size=8
)


def part_of(people: list[list[tuple[int, int, str | None]]]) -> Part:
    """Rows of some participants, of a test, a result and a mark each."""
    blocks = []
    for number, rows in enumerate(people):
        test, result = (np.array([row[place] for row in rows], np.uint32) for place in (0, 1))
        everybody = np.zeros(len(rows), np.uint32)
        pieces = (Piece([{"USUBJID": f"p{number}"}], everybody), Piece(TESTS, test), Piece(RESULTS, result))
        own: dict[str, Any] = {"VSSEQ": np.arange(1, len(rows) + 1), "VSLOBXFL": [row[2] for row in rows]}
        blocks.append(Block(len(rows), pieces, own, [(f"{number}-1",), (f"{number}-2", "more")], test % 2))
    return part_of_blocks(blocks, VS.variables)


@given(st.lists(_rows, min_size=1, max_size=4))
def test_a_part_says_the_same_by_pieces_row_by_row_and_when_it_has_waited(
    people: list[list[tuple[int, int, str | None]]],
) -> None:
    part = part_of(people)
    rows = part.rows(EVERY, VS.variables)
    alone = part_of_rows(rows)
    assert_frame_equal(alone.rows(EVERY, VS.variables), rows)
    assert rows["VSORRES"].to_list() == [RESULTS[row[1]].get("VSORRES") for one in people for row in one]
    assert summary_of(part, VS) == summary_of(alone, VS)
    assert_frame_equal(unpacked(packed(part)).rows(EVERY, VS.variables), rows)
    asked = ["VSSTRESC", "VSSEQ", ENTRIES]
    some = unpacked(packed(part), asked)
    assert_frame_equal(some.rows(asked, VS.variables), rows.select(asked))
    assert {name for one in some.coded for name in one.said.columns} <= {*asked}
    together = part.different(["VSTESTCD", "VSSTRESC"])
    assert together.rows() == [*dict.fromkeys(rows.select(together.columns).rows())]
    assert "VSSTRESC" in together.columns or rows["VSSTRESC"].null_count() == len(rows)


def test_what_no_row_says_is_in_no_part() -> None:
    part = part_of([[(0, 1, None)], [(0, 2, "Y"), (0, 1, None)]])
    said = summary_of(part, VS)
    assert said.results == {"HR": ResultsOf("Heart Rate", {"36.6", "too fast to count"}, are_derived=False)}
    assert said.longest["VSTEST"] == len("Heart Rate")
    assert "VSSTAT" not in said.used
    assert said.terms["VSTESTCD"] == {"HR"}
