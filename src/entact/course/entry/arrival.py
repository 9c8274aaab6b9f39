"""The order in which entries arrived: no claimed time moves an entry in it."""

from __future__ import annotations

from entact.course.entry.entry import Entry, Kept, instant

# Number of the line; for what no server has kept yet, which comes after all that one has, when it says that
# it was written down.
Arrival = tuple[float, float]

FIRST: Arrival = (float("-inf"), 0.0)
LAST: Arrival = (float("inf"), float("inf"))


def arrival(entry: Entry) -> Arrival:
    """The place of an entry in the order of arrival."""
    if isinstance(entry, Kept):
        return float(entry.seq), 0.0
    for text in (entry.recorded_at, entry.occurred_at):
        try:
            return float("inf"), instant(text).timestamp()
        except ValueError:
            continue
    return LAST
