"""The sealed list as the study's ledger knows it: what was promised of it, and who could open it."""

from __future__ import annotations

import msgspec

from entact.course.state.dose import Part


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `commitment` (study): roots of the sealed list and kit map, entered before the first enrolment.

    `numbers` are the numbers of the list by stratum, in the order in which they are used.
    """

    list_root: str
    list_rows: int
    kits_root: str
    kits_rows: int
    numbers: dict[str, list[str]] = {}


class PackedKit(msgspec.Struct, frozen=True):
    """A kit that is packed for one row of the sealed list: it holds what that row's arm is given.

    `number` is the randomisation number in its normal form, empty where no key here opens it. What the arm is
    stands in no ledger.
    """

    kit: str
    number: str
    level: str
    part: Part


class CodeBreaks(msgspec.Struct, frozen=True):
    """The printed code-breaks of the sealed list: who printed them, and who counted and countersigned.

    `sheets`: how many there are once they are printed. `countersigned`: of how many somebody else said so.
    """

    printed_by: str
    checked_by: str | None = None
    place: str = ""
    sheets: int = 0
    countersigned: int = 0


class ListCustody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `list_custody` (study): among whom each row's key is shared out, and how many open a row together.

    A later one replaces it: custodians changed, or shares were lost.

    Attributes:
        root: of the list. custodians: names of persons. threshold: how many of them open a row together.
        custody: SHA-256 of the file `custody.json`. alone: no single holder has the list beside them.
    """

    root: str
    custodians: list[str]
    threshold: int
    custody: str
    alone: bool
