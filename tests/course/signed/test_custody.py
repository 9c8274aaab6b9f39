"""Acts on keys: which count, and what is said of the others."""

from __future__ import annotations

from entact.course.entry import Entry, Kept, arrived
from entact.course.entry.entry import CLAIMED, GENESIS
from entact.course.signed.custody import custody_acts


def kept(data: dict[str, object]) -> Kept:
    at = "2026-03-02T10:00:00+00:00"
    entry = Entry(
        id="a", ledger="study:mini", kind="custody", release="mini@sha256:0", environment="rehearsal",
        occurred_at=at, recorded_at=at, by="ada", role="investigator", data=data,
    )  # fmt: skip
    return arrived(entry, at, 1, GENESIS, CLAIMED)


def test_an_act_that_cannot_be_read_is_named_and_counts_for_nothing() -> None:
    done, [(entry, problem)] = custody_acts([kept({"act": 7})])
    assert (done, entry) == ([], "a")
    assert problem
