"""What the hard core says before a session, for a device that will be without a network.

Some of its checks look at what only the server knows (consent, eligibility, holds, certificates, stock) and
that does not change because of what happens in the room: their answers *stand*, until the day is over. The
others are asked in the room again, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from entact.course.gates.core import ACTS, reasons_against
from entact.course.gates.kit import kit_usable
from entact.course.gates.question import Question, Reason
from entact.course.schedule import last_second

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.dose import KitState
    from entact.course.state.setting import Setting
    from entact.protocol.release import Study

# Codes of reasons that follow from what is entered, decided or named in the room, or from the time there.
IN_THE_ROOM: Final = frozenset(
    {"not_in_session", "level_not_decided", "level_other", "kit_not_named", "dose_given"}
    | {"no_initial", "no_supplement", "supplement_early", "supplement_late"}
)


class KitStanding(msgspec.Struct, frozen=True):
    """One kit of this participant for the act's part of the dose, and why it may not be used."""

    number: str
    level: str
    reasons: tuple[Reason, ...]


class Standing(msgspec.Struct, frozen=True):
    """What the hard core says of an act that stays so whatever happens in the room.

    Attributes:
        reasons: against it. until: when the answer is over: certificates, kits and holds are those of a day.
        kits: that could be used for it.
    """

    reasons: tuple[Reason, ...]
    until: datetime
    kits: tuple[KitStanding, ...] = ()


def standing(
    act: str, study: Study, setting: Setting, course: Course, by: str, at: datetime, encounter: str
) -> Standing:
    """What stands for an act at a session, as of now; parameters as `may` takes them."""
    question = Question(ACTS[act], study, setting, course, by, at, {"encounter": encounter})
    reasons = tuple(one for one in reasons_against(question) if one.code not in IN_THE_ROOM)
    kits = tuple(
        KitStanding(
            kit.number, kit.level, _against(act, study, setting, course, by, at, encounter, kit.number)
        )
        for kit in _kits(question)
    )
    return Standing(reasons, last_second(question.today, question.zone), kits)


def _kits(question: Question) -> Iterator[KitState]:
    visit = question.visit.visit if question.visit is not None else None
    for kit in question.course.kits.values():
        if kit.part == question.part and kit.visit in (None, visit):
            yield kit


def _against(
    act: str,
    study: Study,
    setting: Setting,
    course: Course,
    by: str,
    at: datetime,
    encounter: str,
    kit: str,
) -> tuple[Reason, ...]:
    question = Question(ACTS[act], study, setting, course, by, at, {"encounter": encounter, "kit": kit})
    return tuple(one for one in kit_usable(question) if one.code != "kit_other_level")
