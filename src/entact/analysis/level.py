"""The confidence level of an interval, checked in one place."""

from __future__ import annotations

from numbers import Real


def check_level(level: object) -> None:
    """A ValueError unless the level is a share such as 0.95; 95 is no level, and NaN neither."""
    if isinstance(level, bool) or not isinstance(level, Real):
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level!r}")
    share = float(level)
    if not 0.0 < share < 1.0:
        meant = f"; {share:g} % is {share / 100:g}" if 1.0 < share < 100.0 else ""
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level!r}{meant}")
