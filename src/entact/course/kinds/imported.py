"""That an entry was taken over from another system: from which file and row, and what else stood there."""

from __future__ import annotations

import msgspec

from entact.course.kinds.kind import BY_ENTRY, Kind, note


class Imported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `imported`, about the entry that was made of a row.

    Attributes:
        file: SHA-256 of the file. system: what the mapping calls the source. place: `line:12`.
        record, event, event_repeat, form, repeat, version: which row it was, and which version of it.
        at: when it happened, as the source writes it. entered, by: when and by whom it was entered there.
    Source: ICH E6(R3) 4.2.5; 21 CFR 11.10(e).
    """

    file: str
    system: str
    place: str
    record: str
    event: str
    form: str
    event_repeat: int = 1
    repeat: int = 1
    version: int = 1
    at: str = ""
    entered: str = ""
    by: str = ""


IMPORTED = Kind(
    name="imported",
    title="Taken over from another system",
    ways=("command import",),
    payload=Imported,
    reduce=note,
    tells=frozenset({BY_ENTRY}),
    sealed=frozenset({"record", "event", "at", "entered", "by"}),  # a record's name may be a person's
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
    writes=frozenset({"noted"}),
)
