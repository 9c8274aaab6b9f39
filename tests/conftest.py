"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes depends on the machine and its load; speed is the benchmarks' subject.
settings.register_profile("entact", deadline=None)
settings.load_profile("entact")
