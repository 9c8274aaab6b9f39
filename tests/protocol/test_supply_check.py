"""Times by which kits are counted and ordered: a day is enough, and less is told of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from entact.protocol import load_study

SUPPLY = (
    "condition: PTSD\nsupply: {{count_every: {0}, resupply: {{lead_time: {0}, covers: {0}, in_date_for: {0}, "
    "recruitment: {{participants: 1, per: {0}}}, sites: {{denver: {{participants: 1, per: {0}}}}}}}}}\n"
)
ORDERED = "kits are ordered by days; write at least a day, as in '14 d'"
RANDOMISED = "people are randomised by days; write at least a day, as in '4 wk'"
TOLD = {
    "supply.count_every": "stock is counted by days; write at least a day, as in '26 wk'",
    "supply.resupply.lead_time": ORDERED,
    "supply.resupply.covers": ORDERED,
    "supply.resupply.in_date_for": ORDERED,
    "supply.resupply.recruitment.per": RANDOMISED,
    "supply.resupply.sites.denver.per": RANDOMISED,
}


def test_kits_are_counted_and_ordered_by_days(
    mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    assert mini.count("condition: PTSD\n") == 1
    for time in ("1 d", "24 h"):
        path = tmp_path / "study.yaml"
        path.write_text(mini.replace("condition: PTSD\n", SUPPLY.format(time)), encoding="utf-8")
        assert load_study(path).newest.file.supply.count_every == timedelta(days=1)
    found = problems_of(mini.replace("condition: PTSD\n", SUPPLY.format("1439 min")))
    said = (one.partition(" ")[2].partition(": ") for one in found)
    assert {field: message for field, _, message in said} == TOLD
