"""What the gate of a booked session will say on its day, as whoever asks may see it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from entact.conduct.reader import Reader
from entact.conduct.refusal import told_reasons
from entact.course import Course
from entact.course.gates.ahead import ACT, reasons_ahead
from entact.course.gates.core import ACTS
from entact.course.state.numbers import numbers_of
from entact.protocol.words.label import begun
from entact.store import StoreError
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

HIDDEN = gettext_noop("Something stands against it; what the gate asks is hidden from this role.")


def asked_ahead(reader: Reader, course: Course, encounter: str, at: datetime) -> tuple[str, ...]:
    """Every reason against a dosing session as of the day for which it is booked; none of another visit."""
    visit = encounter.partition("#")[0]
    planned = reader.visits.get(visit)
    stamp, study = study_of_record()
    if planned is None or planned.kind != "dosing" or study is None:
        return ()
    try:
        with transaction.atomic():
            setting = setting_held(
                raw_cursor(), stamp, study, course.site or "", numbers_of(course), course=course
            )
    except StoreError as error:
        return (f"{begun(str(error))}.",)
    found = tuple(reasons_ahead(study, setting, course, visit, at))
    if found and not reader.sight.sees_gate(ACTS[ACT].gate):
        return (gettext(HIDDEN),)
    return told_reasons(reader.sight, course.release, course.population, ACT, found)
