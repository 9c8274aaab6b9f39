"""That rows of the sealed list were opened, and for what; never what stood in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry.sealing import is_sealed
from entact.course.kinds.kind import Kind
from entact.course.state.dose import Part
from entact.course.state.numbers import normal, row_number
from entact.course.state.sealed_list import CodeBreaks, ListCustody, PackedKit

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.sealed_list import Commitment
    from entact.course.state.setting import StudyFolding
    from entact.course.state.state import State


Purpose = Literal[
    "preparation", "second_check", "replacement", "planned_unblinding", "assignment", "expedited_report"
]
WholePurpose = Literal["code_breaks", "packing", "blinding", "closed_report", "after_lock", "renewal"]


class RowOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Kind `row_opened`: the row of one participant is opened; entered first, then opened.

    By who prepares, where the study file plans that somebody is told of it, and for the report of an event
    that it is about; then `reader` alone, of the safety desk, is told.
    """

    number: str
    purpose: Purpose
    reader: str | None = None


class ListOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `list_opened` (study): rows were opened: for code-breaks, to measure blinding, after the lock.

    Or to share them out anew among custodians, which shows them to nobody (`renewal`).

    Attributes:
        rows: how many: every one, or those of whoever is randomised. reader: who is shown the result.
    """

    purpose: WholePurpose
    root: str
    rows: int
    reader: str | None = None


class CodeBreaksChecked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `code_breaks_checked` (study): a second person counted the sealed sheets and countersigned each.

    `place` says where they lie, as somebody is told it at night.
    """

    root: str
    sheets: int
    place: str


class KitForNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kit, by the number on its label, and the randomisation number whose arm it is packed for.

    `number` is sealed (`course.planned_kits`): who reads the ledger does not know whose a kit will be.
    """

    kit: str
    number: str
    level: str
    part: Part


class KitsPlanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kits_planned` (study): which kits are packed for which rows of the sealed list.

    Kits are numbered at random, and every row has as many of each level and part: neither says an arm. What
    a kit holds follows from the arm of its row alone, which is sealed; so is which row it is of.
    """

    root: str
    kits: list[KitForNumber]


class SharesGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `shares_given` (study): a custodian gave their shares of some rows to whoever opens them.

    Attributes:
        entry: the `row_opened` or `list_opened` that they were given for. rows: how many.
        custody: SHA-256 of the file `custody.json` that the shares are of.
    """

    entry: str
    rows: int
    custody: str


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
    elif payload.purpose == "code_breaks":
        before = study.code_breaks
        # Printed anew, they are countersigned anew; of minimisation those of whoever came since are added.
        kept = before if before is not None and _minimises(study) else CodeBreaks("")
        study.code_breaks = CodeBreaks(effective.entry.by, None, kept.place, payload.rows, kept.countersigned)


def reduce_code_breaks_checked(study: StudyFolding, effective: Effective, payload: CodeBreaksChecked) -> None:
    """What counts are all sheets of the committed list, counted by somebody who did not print them."""
    sealed, printed = study.commitment, study.code_breaks
    if sealed is None or sealed.list_root != payload.root or printed is None:
        message = "no code-breaks of this list were printed"
        study.problem("no_code_breaks", effective.id, "root", message)
    elif printed.printed_by == effective.entry.by:
        message = f"{effective.entry.by} printed them: somebody else countersigns"
        study.problem("countersigned_alone", effective.id, "", message)
    elif payload.sheets != (rows := _sheets(study, sealed, printed)):
        message = f"{payload.sheets} sheets were counted, and there are {rows}"
        study.problem("code_breaks_missing", effective.id, "sheets", message)
    else:
        study.code_breaks = CodeBreaks(
            printed.printed_by, effective.entry.by, payload.place, printed.sheets, payload.sheets
        )


def reduce_kits_planned(study: StudyFolding, effective: Effective, payload: KitsPlanned) -> None:
    """Kits of the committed list are added; the first word on a kit stands, for it may be on its way."""
    sealed = study.commitment
    if sealed is None or sealed.list_root != payload.root:
        study.problem("other_list", effective.id, "root", "this is not the list that was committed")
        return
    rows = {normal(number) for order in sealed.numbers.values() for number in order}
    for one in payload.kits:
        is_unread = is_sealed(one.number)  # here is no key that opens it: it is of no row that is known
        if not is_unread and normal(row_number(one.number)) not in rows:
            message = f"kit {one.kit} is planned for {one.number}, which is no row of the list"
            study.problem("kit_of_no_row", effective.id, "kits", message)
        elif normal(one.kit) in study.packed:
            study.problem("kit_planned_twice", effective.id, "kits", f"kit {one.kit} was planned before")
        else:
            number = "" if is_unread else normal(one.number)
            kit = PackedKit(one.kit, number, one.level, one.part)
            study.packed[normal(one.kit)] = kit


def _minimises(study: StudyFolding) -> bool:
    plan = study.study.newest.file.randomisation
    return plan is not None and plan.method == "minimisation"


def _sheets(study: StudyFolding, sealed: Commitment, printed: CodeBreaks) -> int:
    """How many sheets there have to be: of every row, or of whoever was minimised by then."""
    return printed.sheets if _minimises(study) else sum(map(len, sealed.numbers.values()))


def reduce_list_custody(study: StudyFolding, effective: Effective, payload: ListCustody) -> None:
    """The latest word on who has shares of the committed list; of another list nothing follows."""
    if study.commitment is None or study.commitment.list_root != payload.root:
        study.problem("other_list", effective.id, "root", "this is not the list that was committed")
    elif not 2 <= payload.threshold <= len(set(payload.custodians)):
        message = f"{payload.threshold} of {len(set(payload.custodians))} custodians is no sharing"
        study.problem("no_sharing", effective.id, "threshold", message)
    else:
        study.custody = payload


def reduce_shares_given(study: StudyFolding, effective: Effective, payload: SharesGiven) -> None:
    """A custodian alone opens nothing; who is none, or gave shares of before, is found."""
    custody = study.custody
    if custody is None or payload.custody != custody.custody:
        message = "these are no shares of how the list is shared out now"
        study.problem("other_custody", effective.id, "custody", message)
    elif effective.entry.by not in custody.custodians:
        study.problem("no_custodian", effective.id, "", f"{effective.entry.by} is no custodian of the list")


ROW_OPENED = Kind(
    name="row_opened",
    title="Row of the list opened",
    ways=("command allocation open",),
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
    ways=("command allocation codebreaks", "command allocation reveal"),
    payload=ListOpened,
    reduce=reduce_list_opened,
    tells=frozenset({"schedule"}),
)
CODE_BREAKS_CHECKED = Kind(
    name="code_breaks_checked",
    ledger="study",
    title="Code-breaks countersigned",
    ways=("command allocation countersign",),
    payload=CodeBreaksChecked,
    reduce=reduce_code_breaks_checked,
    tells=frozenset({"schedule"}),
)
LIST_CUSTODY = Kind(
    name="list_custody",
    ledger="study",
    title="Custodians of the list",
    ways=("command allocation make", "command allocation keys renew"),
    payload=ListCustody,
    reduce=reduce_list_custody,
    tells=frozenset({"schedule"}),
)
KITS_PLANNED = Kind(
    name="kits_planned",
    ledger="study",
    title="Kits planned for rows of the list",
    ways=("command allocation kits",),
    payload=KitsPlanned,
    reduce=reduce_kits_planned,
    tells=frozenset({"dosing"}),
)
SHARES_GIVEN = Kind(
    name="shares_given",
    ledger="study",
    title="Shares of rows given",
    ways=("command allocation keys give",),
    payload=SharesGiven,
    reduce=reduce_shares_given,
    tells=frozenset({"schedule"}),
)
