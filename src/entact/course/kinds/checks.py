"""What is looked at in every entry, and in every act: findings, never refusals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from entact.course.entry import Kept, instant
from entact.course.state.numbers import sealed_number, unreadable_message
from entact.course.state.stopping import DeviationState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.kinds.kind import Kind
    from entact.course.state.state import State
    from entact.protocol.compiled import CompiledRequirement
    from entact.protocol.release import Release

OVERRIDDEN = "gate_overridden"  # category of the deviation that setting a requirement aside is
NO_RECONSENT = "consent"  # and of what is done of a new release without consent to it
BEFORE_RECONSENT = "before_reconsent"  # the rule by which that is found
OVERRIDE_UNPROVED = "override_unproved"  # and by which one that nobody set aside by an entry is
CLOCK_TOLERANCE = timedelta(minutes=5)
LARGEST_OFFSET_MS = 100 * 366 * 86_400_000  # a clock that starts from nowhere is some decades wrong at most


def check_entry(course: State, effective: Effective, kind: Kind) -> None:
    """Release, clock, consent, and what comes after something had stopped."""
    entry = effective.entry
    course.release_of(entry)
    if entry.repeat < 1:
        course.found("item", entry.id, "repeat", f"{entry.repeat} is no repetition: they count from 1")
    if entry.recorded_at != entry.occurred_at or entry.clock_offset_ms or isinstance(entry, Kept):
        _check_clock(course, effective)
    of = sealed_number(entry.kind, effective.data)
    if of is not None:
        course.found("number_unreadable", entry.id, of, unreadable_message(of))
    if kind.needs_consent and not (course.consent and course.consent.allows(kind.ended_by or ())):
        course.found("without_consent", entry.id, "", f"{kind.name} without a consent in force")
    for of in course.discontinued:
        if of in (kind.ended_by or ()):
            message = f"{kind.name} after {of.replace('_', ' ')} had stopped"
            course.found("after_discontinuation", entry.id, of, message)


def check_basis(course: State, effective: Effective, act: str | None, **given: str) -> None:
    """Whether an act rests on a gate's yes for this act, not yet expired, and for what is given.

    Args:
        act: None of what no gate stands before. given: the kit and level of a dose, the number of somebody
            who is enrolled or randomised.
    """
    if act is None:
        return
    entry, basis = effective.entry, effective.entry.basis
    if basis is None:
        course.found("without_gate", entry.id, "", f"{act} without a gate's yes")
        return
    if basis.get("act") != act:
        course.found(
            "gate_other_act", entry.id, "act", f"the gate's yes is for {basis.get('act')}, not for {act}"
        )
    for item, value in given.items():
        if basis.get(item) not in (None, value):
            message = f"the gate's yes is for {item} {basis.get(item)}, not for {value}"
            course.found(f"gate_other_{item}", entry.id, item, message)
    for concern in _texts(basis.get("concerns")):
        required = _of_basis(course, basis, concern)
        what = concern.replace("_", " ") if required is None else required.otherwise
        course.found("gate_concern", entry.id, concern, f"{act}, which was not to wait for this: {what}")
    _check_overridden(course, effective, act, basis)
    expires = _instant(basis.get("expires"))
    if expires is None or effective.at > expires:
        course.found("gate_expired", entry.id, "expires", f"the gate's yes held until {basis.get('expires')}")


def requirement_of(release: Release, code: str) -> CompiledRequirement | None:
    """The requirement of a gate that a code such as `initial_dose.2` names."""
    gate, _, number = code.partition(".")
    asked = release.gates[gate].requirements if gate in release.gates else ()
    return next((one for place, one in enumerate(asked, start=1) if str(place) == number), None)


def _of_basis(course: State, basis: Mapping[str, Any], code: str) -> CompiledRequirement | None:
    """The same in the release that a basis says it was decided under."""
    try:
        return requirement_of(course.study.release(str(basis.get("release"))), code)
    except KeyError:
        return None


def _check_overridden(course: State, effective: Effective, act: str, basis: Mapping[str, Any]) -> None:
    """What was set aside has a proof by each person, and is a deviation unless the protocol allows it."""
    overridden = basis.get("overridden")
    for code, proofs in overridden.items() if isinstance(overridden, dict) else ():
        required = _of_basis(course, basis, code)
        said = [one for one in course.overrides if one.requirement == code and one.is_proved]
        known = {one.entry: one.person for one in said}
        named = proofs if isinstance(proofs, list) else ()
        persons = proofs if isinstance(proofs, dict) else dict.fromkeys(map(str, named))
        missing = [person for person, proof in persons.items() if known.get(str(proof)) != person]
        roles = 1 if required is None or required.override is None else required.override.count("+") + 1
        if missing or len(persons) < roles:
            who = ", ".join(missing) or f"{roles} persons"
            message = f"{act} with {code} set aside, of which there is no entry by {who}"
            course.found(OVERRIDE_UNPROVED, effective.id, code, message)
        if required is None or required.override_allowed_in is None:
            note_deviation(course, effective, OVERRIDDEN)


def note_deviation(course: State, effective: Effective, category: str) -> None:
    """A major deviation that an entry is by itself, though nobody reported one."""
    entry = effective.entry
    course.deviations.append(
        DeviationState(entry.id, entry.encounter, effective.at, category, "major", None, entry.id)
    )


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _check_clock(course: State, effective: Effective) -> None:
    entry = effective.entry
    recorded = _instant(entry.recorded_at)
    if recorded is None:
        course.found(
            "time_unreadable", entry.id, "recorded_at", f"{entry.recorded_at!r} is no time with an offset"
        )
        return
    offset = entry.clock_offset_ms
    if offset and abs(offset) > LARGEST_OFFSET_MS:
        message = f"the clock of the device was {offset} ms ahead: that cannot have been measured"
        course.found("item", entry.id, "clock_offset_ms", message)
    elif offset:
        recorded -= timedelta(milliseconds=offset)
    received = _instant(entry.received_at) if isinstance(entry, Kept) else None
    if effective.at <= recorded and (received is None or recorded <= received):
        return  # in order, as almost always
    if effective.at - recorded > CLOCK_TOLERANCE:
        message = f"happened at {entry.occurred_at}, after it was recorded at {entry.recorded_at}"
        course.found("after_recording", entry.id, "occurred_at", message)
    for item, claimed in (("occurred_at", effective.at), ("recorded_at", recorded)):
        if received is not None and claimed - received > CLOCK_TOLERANCE:
            said = "happened" if item == "occurred_at" else "was recorded"
            message = f"{said} at {claimed.isoformat()}, after it had arrived at {received.isoformat()}"
            course.found("after_arrival", entry.id, item, message)
            break


def _instant(text: object) -> datetime | None:
    try:
        return instant(text) if isinstance(text, str) else None
    except ValueError:
        return None
