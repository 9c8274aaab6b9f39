"""How balanced a list is that somebody wrote, and whether it keeps the ratio of the study."""

from __future__ import annotations

import pytest

from entact.course.allocation.allocation import ListRow
from entact.course.allocation.balance import balance_of, require_ratio

RATIO = {"full": 2, "placebo": 1}


def listed(**strata: str) -> list[ListRow]:
    """Rows by stratum, an arm for each letter."""
    arms = {"f": "full", "p": "placebo"}
    return [
        ListRow(f"{name}-{place}", name, arms[letter])
        for name, letters in strata.items()
        for place, letter in enumerate(letters)
    ]


def test_each_stratum_by_itself() -> None:
    first, second = balance_of(listed(north="fpffpf", south="ffffpp"), RATIO)
    assert (first.counts, first.longest_run) == ({"full": 4, "placebo": 2}, 2)
    assert first.off == pytest.approx(1 / 3)  # after the first row, and wherever a block is not full
    assert (second.stratum, second.rows, second.longest_run) == ("south", 6, 4)
    assert second.off == pytest.approx(4 / 3)  # four of full, where the share is 8/3


@pytest.mark.parametrize("kept", ["fpf", "fpffpfffp", "fffpf"])
def test_a_row_off_is_where_a_block_was_cut(kept: str) -> None:
    require_ratio(listed(north=kept), RATIO)


def test_another_ratio_is_named_with_what_the_study_wants() -> None:
    with pytest.raises(ValueError, match=r"12 rows are full 6, placebo 6; .* 2:1, wants full 8, placebo 4"):
        require_ratio(listed(north="fpfpfp", south="pfpfpf"), RATIO)
