"""How raters are held to one standard: second ratings from the recording, certificates, and drift.

A second rating is no rating: no value, endpoint or alert of the participant is taken from it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from entact.course.kinds.kind import BY_ENTRY, UNSURE, Kind, note
from entact.course.state.raters import Certified, Drift, RaterState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import StudyFolding
    from entact.course.state.state import State


class SecondRated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `second_rating`: a rating (`entry`) was rated again, from the recording, by another rater.

    `items` are the answers to the same form, without free text.
    """

    entry: str
    form: str
    items: dict[str, Any]


class RaterCertified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `rater_certified` (study): a rater was trained, or trained again, on a day; it holds to a day."""

    person: str
    certificate: str
    issued: str
    expires: str


class RaterDrifted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `rater_drifted` (study): a rater's last ratings that were rated again agree too little.

    Attributes:
        agreement: the intraclass correlation, as a decimal. limit, over: as the study file had them.
        ratings: entries of the second ratings that it is reckoned from.
    """

    person: str
    form: str
    agreement: str
    limit: str
    over: int
    ratings: list[str]


def is_drawn(line_hash: str, share: float) -> bool:
    """Whether a rating is one of those that are rated again.

    It follows from the hash of its line in the chain, so that anybody finds the same sample; and nobody knows
    it before the line is written: the hash hangs on the entry's random name and on the line before it.

    Args:
        line_hash: hexadecimal. share: of all ratings, 0 to 1.
    """
    drawn = int.from_bytes(sha256(f"second rating {line_hash}".encode()).digest()[:8], "big")
    return drawn < share * 2**64


def reduce_second_rating(course: State, effective: Effective, payload: SecondRated) -> None:
    """Keeps it; one of nothing, or by whoever rated first, is found."""
    first = next(
        (one for one in course.answers.get(payload.form, ()) if one.entry == payload.entry),
        None,
    )
    if first is None:
        message = f"there is no rating {payload.entry} by {payload.form!r} before it"
        course.found("second_rating_of_nothing", effective.id, "entry", message)
    elif first.by == effective.entry.by:
        course.found("second_rating_alone", effective.id, "entry", "the same person rated first")
    note(course, effective, payload)


def reduce_rater_certified(study: StudyFolding, effective: Effective, payload: RaterCertified) -> None:
    """The latest word on each certificate; who was trained on the day of a drift or later rates again."""
    before = study.raters.get(payload.person, RaterState(payload.person))
    given = Certified(payload.issued, payload.expires, effective.id)
    left = {form: one for form, one in before.drifts.items() if one.at.date().isoformat() > payload.issued}
    study.raters[payload.person] = RaterState(
        payload.person, {**before.certificates, payload.certificate: given}, left
    )


def reduce_rater_drifted(study: StudyFolding, effective: Effective, payload: RaterDrifted) -> None:
    """Bars the rater until they are trained again."""
    before = study.raters.get(payload.person, RaterState(payload.person))
    drift = Drift(effective.id, effective.at, payload.agreement, payload.limit, payload.over)
    study.raters[payload.person] = msgspec.structs.replace(
        before, drifts={**before.drifts, payload.form: drift}
    )


OF_RATERS: Final = frozenset({"rater_certified", "rater_drifted"})

SECOND_RATING = Kind(
    name="second_rating",
    title="Second rating",
    ways=("page rate_again",),
    payload=SecondRated,
    reduce=reduce_second_rating,
    tells=frozenset({BY_ENTRY}),
    nested="items",
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset({"data_use"}),
    attests=True,
    writes=frozenset({"noted"}),
)
RATER_CERTIFIED = Kind(
    name="rater_certified",
    ledger="study",
    title="Rater certified",
    ways=("page drift",),
    payload=RaterCertified,
    reduce=reduce_rater_certified,
    tells=frozenset({UNSURE}),
)
RATER_DRIFTED = Kind(
    name="rater_drifted",
    ledger="study",
    title="Rater drifts",
    ways=("page drift",),
    payload=RaterDrifted,
    reduce=reduce_rater_drifted,
    tells=frozenset({UNSURE}),
)
