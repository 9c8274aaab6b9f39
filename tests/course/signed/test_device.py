"""A device's key counts from the instant at which it is enrolled, and no longer at that of its revocation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from entact.course.entry import Entry
from entact.course.signed.device import (
    UNREADABLE,
    Devices,
    Enrolled,
    by_device,
    prove_sent,
)

SINCE = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = datetime(2026, 3, 9, 9, tzinfo=UTC)
STEP = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (SINCE - STEP, "unknown_key"),
        (SINCE, None),
        (UNTIL - STEP, None),
        (UNTIL, "revoked"),
    ],
)
def test_a_key_counts_from_its_first_instant_to_the_last_before_it_is_revoked(
    at: datetime, said: str | None
) -> None:
    devices = Devices({"ab": Enrolled("tablet-1", "ab", SINCE, UNTIL, "e1")})
    assert devices.problem("tablet-1", "ab", at) == said
    assert devices.of("tablet-1") is None


def test_the_key_of_another_device_or_of_none_says_so() -> None:
    devices = Devices({"ab": Enrolled("tablet-1", "ab", SINCE, None, "e1")})
    assert devices.problem("tablet-2", "ab", SINCE) == "other_device"
    assert devices.problem("tablet-1", "cd", SINCE) == "unknown_key"
    assert devices.of("tablet-1") == devices.keys["ab"]
    assert devices.of("tablet-2") is None


def test_of_a_proof_that_cannot_be_read_nothing_is_kept_and_of_another_all_but_the_salt_in_plain() -> None:
    at = "2026-03-02T10:00:00+00:00"
    entry = Entry(
        id="a", ledger="participant:a", kind="vital_signs", release="mini@sha256:0", environment="rehearsal",
        occurred_at=at, recorded_at=at, by="ada", role="therapist", device="tablet-1", data={},
    )  # fmt: skip
    proof = prove_sent(entry, "tablet-1", b"s" * 32, b"t" * 32)
    assert by_device(entry, proof, "unreadable", b"k" * 32) == UNREADABLE
    kept = by_device(entry, proof, "revoked", b"k" * 32)
    assert (kept.how, kept.who, kept.key, kept.proof) == ("device", "tablet-1", proof.key, proof.value)
    assert kept.problem == "revoked"
    assert kept.salt is not None
    assert kept.salt.startswith("sealed:")
    assert by_device(entry, proof, None, None).salt == proof.salt
