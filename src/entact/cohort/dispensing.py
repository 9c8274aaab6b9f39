"""How virtual staff hand kits out and take back what is left, where the study accounts for its stock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from entact.cohort.attendance import Attendance
from entact.course import Refused
from entact.protocol.study.supply import Handled

KEEPER, SECOND = "pharmacist", "coordinator"


def hand_out(staff: Attendance, kit: dict[str, Any], units: int) -> None:
    """Asks whether an assigned kit may be dispensed, and says that it was; nothing where the gate refuses.

    Args:
        kit: as it is assigned: its number, part, level and visit. units: in it.
    """
    if staff.release.file.supply is None:
        return
    with _beside(staff, "dispensed", kit["part"]):
        done = staff.act("dispensing", {**kit, "units": units}, KEEPER)
        if not isinstance(done, Refused):
            _look_at(staff, "dispensing", done.id)


def take_back(staff: Attendance, kit: str, part: str, units: int) -> None:
    """Takes back the units of a kit that was handed out, and not given."""
    if staff.release.file.supply is None:
        return
    with _beside(staff, "returned", part):
        done = staff.write("kit_return", {"kit": kit, "units": units, "text": ""}, KEEPER)
        _look_at(staff, "return", done.id)


@contextmanager
def _beside(staff: Attendance, what: str, part: str) -> Iterator[None]:
    """What others do meanwhile: it takes no time and no chance from those in the room."""
    now = staff.now
    with staff.scribe.drawing_from(staff.chance_of(what, str(staff.encounter), part)):
        yield
    staff.now = now


def _look_at(staff: Attendance, what: Handled, entry: str) -> None:
    """A second person says that it is so, where the study file asks for one."""
    plan = staff.release.file.supply
    if plan is not None and what in plan.two_persons:
        staff.write("kit_check", {"agrees": True, "text": ""}, SECOND, about=entry)
