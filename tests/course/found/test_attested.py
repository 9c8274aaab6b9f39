"""What was signed is a line of the record, where a server has kept one."""

from __future__ import annotations

import msgspec
import pytest

from entact.course.entry import CLAIMED, GENESIS, Entry, arrived, line_of
from entact.course.found.attested import _is_line

ENTRY = Entry(
    id="a", ledger="participant:0a", kind="form", release="mini@sha256:0", environment="rehearsal",
    occurred_at="2026-03-02T10:00:00+00:00", recorded_at="2026-03-02T10:00:00+00:00", by="ada",
    role="investigator",
)  # fmt: skip
KEPT = arrived(ENTRY, ENTRY.recorded_at, 1, GENESIS, CLAIMED)


@pytest.mark.parametrize(
    ("entry", "signed", "is_line"),
    [
        (KEPT, line_of(KEPT).hash, True),
        (KEPT, "f" * 64, False),
        (KEPT, None, True),  # the signature names no line
        (ENTRY, "f" * 64, True),  # no server has kept it
        (msgspec.structs.replace(KEPT, format=1), "f" * 64, True),  # before lines were signed
    ],
)
def test_what_was_signed_is_the_line_with_that_hash(entry: Entry, signed: str | None, is_line: bool) -> None:
    assert _is_line(entry, signed) is is_line
