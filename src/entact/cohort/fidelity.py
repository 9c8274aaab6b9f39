"""Fidelity of virtual sessions: recordings by name, and the content checklists of those that are drawn.

All of it stands beside what else is written: chance, and the time of the staff, are as they are without it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from entact.cohort.answers import answer_form
from entact.cohort.attendance import Attendance
from entact.course.found.recording import agrees_to_recording
from entact.course.kinds.raters import is_drawn
from entact.protocol.study import Fidelity, Visit

RATER = "adherence_rater"
RATED_AFTER = timedelta(days=4)  # assumption: from the session until its recording has been rated
_AT_ONCE = timedelta(seconds=3)  # until something of a tap is written down


def begin_recording(staff: Attendance, visit: Visit) -> None:
    """Notes that a recording begins, where sessions of this kind are rated and the participant has agreed."""
    if _planned(staff, visit) is None or agrees_to_recording(staff.scribe.course, staff.now) is False:
        return
    number = staff.number or f"{staff.candidate.site}-{staff.candidate.index}"
    reference = f"{number}_{(staff.encounter or '').replace('#', '.')}"
    _note(staff, {"what": "recording", "state": "begun", "reference": reference})


def end_recording(staff: Attendance) -> None:
    """Notes that the recording of the visit that is being held has ended, where there is one."""
    begun = _begun(staff, staff.encounter)
    if begun is not None:
        _note(staff, {"what": "recording", "state": "ended"}, begun)


def rate_if_drawn(staff: Attendance, visit: Visit, encounter: str | None) -> None:
    """Leaves the recording of a session that is over, and drawn by the hash of its last line, to be rated.

    It is rated by somebody who writes about the participant in no other way.
    """
    said = _planned(staff, visit)
    if said is None or encounter is None or not is_drawn(staff.scribe.ledger.head, said.share):
        return
    if _begun(staff, encounter) is None:
        return
    form = staff.release.forms[said.form]

    def rate(at: datetime) -> None:
        told = staff.parameters.answers.get(form.name, {})
        random = staff.chance_of(form.name, encounter)
        items = answer_form(form, told, staff.candidate.characteristics, random)
        with staff.scribe.drawing_from(random):
            staff.scribe.write(
                "form",
                {"form": form.name, "items": items},
                at=at,
                by=f"{RATER}-content-{staff.candidate.site}",
                role=staff.known_role(form.form.by or RATER),
                encounter=encounter,
                late=_AT_ONCE,
            )

    staff.later(staff.now + RATED_AFTER, rate)


def _planned(staff: Attendance, visit: Visit) -> Fidelity | None:
    """What the study file says of sessions of this kind."""
    return next((said for kind, said in staff.release.file.fidelity.items() if kind == visit.kind), None)


def _begun(staff: Attendance, encounter: str | None) -> str | None:
    """The entry by which the recording of a visit began; None where it has none."""
    notes = staff.scribe.course.noted.get("session_note", ())
    return next(
        (
            one.entry
            for one in notes
            if (one.encounter, one.said.what, one.about) == (encounter, "recording", None)
        ),
        None,
    )


def _note(staff: Attendance, data: dict[str, str], about: str | None = None) -> None:
    person = staff.team.therapists[0]
    with staff.scribe.drawing_from(staff.chance_of("recording", staff.encounter or "", data["state"])):
        staff.scribe.write(
            "session_note",
            dict(data),
            at=staff.now,
            by=person,
            role=staff.known_role("therapist"),
            encounter=staff.encounter,
            late=_AT_ONCE,
            about=about,
        )
