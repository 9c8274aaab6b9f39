"""That rows of the sealed list were opened, and for what; never what stood in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.numbers import normal

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import StudyFolding
    from entact.course.state.state import State


Purpose = Literal["preparation", "second_check", "replacement"]


class RowOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `row_opened`: who prepares opens the row of one participant; entered first, then opened."""

    number: str
    purpose: Purpose


class ListOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `list_opened` (study): every row was opened, to print code-breaks or after the lock."""

    purpose: Literal["code_breaks", "after_lock"]
    root: str
    rows: int


def reduce_row_opened(course: State, effective: Effective, payload: RowOpened) -> None:
    """A row of somebody else is found: who opened it knows an arm that is none of theirs to know."""
    own = course.randomisation
    if own is None:
        course.found("row_before_randomisation", effective.id, "number", "nobody is randomised under it yet")
    elif normal(own.number) != normal(payload.number):
        message = f"the participant is randomised under {own.number}, and {payload.number} was opened"
        course.found("row_of_another", effective.id, "number", message)


def reduce_list_opened(study: StudyFolding, effective: Effective, payload: ListOpened) -> None:
    """Of another list than the committed one nothing follows for this study."""
    if study.commitment is None or study.commitment.list_root != payload.root:
        study.problem("other_list", effective.id, "root", "this is not the list that was committed")


ROW_OPENED = Kind(
    name="row_opened",
    title="Row of the list opened",
    payload=RowOpened,
    reduce=reduce_row_opened,
    tells=frozenset({"dosing"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
    writes=frozenset(),
)
LIST_OPENED = Kind(
    name="list_opened",
    ledger="study",
    title="Sealed list opened",
    payload=ListOpened,
    reduce=reduce_list_opened,
    tells=frozenset({"schedule"}),
)
