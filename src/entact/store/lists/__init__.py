"""Questions that lists ask, answered from the derived tables alone, however many entries there are.

What a role may not see, its list must not show: `status` tells of sessions and events, a finding of all that
stands in its `tells`. Who knows the role says what is `hidden` from it, and that is left out in the database.
"""

from entact.store.lists.bookings import Booked, booked
from entact.store.lists.clocks import RunningClock, running_clocks
from entact.store.lists.findings import (
    FindingCount,
    FindingKey,
    Open,
    Summary,
    count_findings,
    open_findings,
    summaries,
)
from entact.store.lists.participants import (
    Count,
    Enrolled,
    Key,
    ParticipantRow,
    Size,
    behind,
    counts,
    enrolled,
    everybody,
    participant,
    participant_screened_as,
    participants,
    participants_of,
    size,
)
from entact.store.lists.queries import Query, QueryKey, queries, queries_of_rules
from entact.store.lists.reconsents import ReconsentDue, reconsents
from entact.store.lists.sites import Certified, Kit, staff, stock
from entact.store.lists.unblindings import Unblinded, unblindings
from entact.store.lists.visits import DueVisit, due, missed

__all__ = [
    "Booked",
    "Certified",
    "Count",
    "DueVisit",
    "Enrolled",
    "FindingCount",
    "FindingKey",
    "Key",
    "Kit",
    "Open",
    "ParticipantRow",
    "Query",
    "QueryKey",
    "ReconsentDue",
    "RunningClock",
    "Size",
    "Summary",
    "Unblinded",
    "behind",
    "booked",
    "count_findings",
    "counts",
    "due",
    "enrolled",
    "everybody",
    "missed",
    "open_findings",
    "participant",
    "participant_screened_as",
    "participants",
    "participants_of",
    "queries",
    "queries_of_rules",
    "reconsents",
    "running_clocks",
    "size",
    "staff",
    "stock",
    "summaries",
    "unblindings",
]
