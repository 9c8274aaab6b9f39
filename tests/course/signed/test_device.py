"""A device's key counts from the instant at which it is enrolled, and no longer at that of its revocation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from entact.course.signed.device import Devices, Enrolled

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
