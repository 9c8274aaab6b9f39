"""What a file says of one form of one record, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LARGEST = 64 * 1024 * 1024  # bytes of a file of records


class RecordsError(ValueError):
    """Records that are not taken in: every problem with its place in the file."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Cell:
    """What was written for one item.

    Attributes:
        name: variable or OID in the source. place: `line 12`. text: as written.
        ticked: of boxes, the codes that are ticked; None of what is no box.
        unit: as the source says it beside the value. why: a code for why there is no value.
        mixed: whether numbers with a decimal comma stand in its column, so that 1.000 may be a thousand.
    """

    name: str
    place: str
    text: str = ""
    ticked: tuple[str, ...] | None = None
    unit: str = ""
    why: str = ""
    mixed: bool = False


@dataclass(frozen=True)
class Version:
    """One time that the source says a form was entered, changed or removed.

    Attributes:
        cells: by item; of a change, those that were changed. at: when it happened, as written; else empty.
        entered: when it was entered there, by whom and why, as far as the source says it.
    """

    place: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    at: str = ""
    entered: str = ""
    by: str = ""
    reason: str = ""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What entact writes beside a form: when it was filled in, and where within its visit."""

    at: str
    timepoint: str
    repeat: int


@dataclass(frozen=True)
class Row:
    """One form of one record, at one event, and all versions of it in their order.

    Attributes:
        place: where it begins in the file. form: of the study. event_repeat, repeat: counted from 1.
        own: when and where within its visit, of a file of entact's own. withheld: items that were entered,
            and of which the file keeps back what; it agrees with whatever is here.
    """

    place: str
    record: str
    event: str
    event_repeat: int
    form: str
    repeat: int
    versions: tuple[Version, ...]
    own: Own | None = None
    withheld: frozenset[str] = frozenset()
