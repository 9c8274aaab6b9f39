"""The roster of a site: a line of it is from one instant until a later one."""

from __future__ import annotations

import pytest
from tests.course.cases import before

from entact.course.entry import instant

NOON = "2026-03-16T12:00:00-06:00"


@pytest.mark.parametrize(
    ("until", "item"),
    [
        ("2026-03-16T12:00:01-06:00", ""),
        (NOON, "until"),  # at the very instant at which it begins
        ("2026-03-16T11:59:59-06:00", "until"),
        ("2026-03-16T20:00:00", "since"),
        (None, "since"),
    ],
)
def test_a_line_ends_after_it_begins(until: str | None, item: str) -> None:
    case = before("initial_dose")
    data = {"number": "+1 303 555 0100", "role": "physician", "person": "i-1", "since": NOON}
    more = {} if until is None else {"until": until}
    case.put("line", "on_call", "2026-03-10T09:00:00-06:00", data | more, ledger="site:denver", by="i-1")
    setting = case.setting()
    assert [one.item for one in setting.problems] == ([item] if item else [])
    lines = [] if item or until is None else [(data["person"], instant(NOON), instant(until))]
    assert [(one.person, one.since, one.until) for one in setting.site.roster] == lines
