"""What follows from a study file is what is known to."""

from __future__ import annotations

import pytest
from tests.protocol.known_facts import STUDIES, facts_of, kept


@pytest.mark.parametrize("study", STUDIES)
def test_what_follows_from_a_study_is_what_is_known_to(study: str) -> None:
    """Where a property was meant to change, look at which others did, and write them anew."""
    assert facts_of(study).splitlines() == kept(study).read_text(encoding="utf-8").splitlines()
